//! What a node, or something between, can answer besides the truth. Each test scripts the answers of one address.
//!
//! The shapes are those of Kubo's RPC reference and of the answers that the real node gave when it was tried.

use std::{collections::HashMap, net::Ipv4Addr, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    response::Response,
};
use lore_core::{
    Cid, Error, ErrorKind, Retry, Secret, SystemClock,
    content::{
        BytesContent,
        unixfs::{Profile, fingerprint_bytes},
    },
    port::pins::{PinRequest, PinStore as _, Pinned},
};
use lore_ipfs::kubo::{KuboAuth, KuboConfig, KuboPinStore};
use tokio::{net::TcpListener, sync::Mutex};

const VERSION: (u16, &str) = (200, r#"{"Version":"0.42.0","Commit":"abc"}"#);
const NOT_PINNED: (u16, &str) = (500, r#"{"Message":"path 'x' is not pinned","Code":0,"Type":"error"}"#);

/// Answers by command, and what was asked.
struct Script {
    answers: HashMap<&'static str, (u16, String)>,
    asked: Mutex<Vec<String>>,
    authorization: Option<&'static str>,
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    to_bytes(body, usize::MAX).await.unwrap();
    let command = parts.uri.path().trim_start_matches("/api/v0/").to_owned();
    script.asked.lock().await.push(format!("{} {}", parts.method, parts.uri));
    let given = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (status, text) = if script.authorization.is_some() && given != script.authorization {
        (401, format!("not accepted: {given:?}"))
    } else {
        script.answers.get(&*command).cloned().unwrap_or((404, "404 page not found".to_owned()))
    };
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(Body::from(text)).unwrap()
}

async fn serve(script: Script) -> (String, Arc<Script>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let script = Arc::new(script);
    let app = Router::new().fallback(answer).with_state(script.clone());
    #[expect(clippy::disallowed_methods, reason = "the server has to run beside the test")]
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, script)
}

async fn node(answers: &[(&'static str, (u16, &str))]) -> (KuboPinStore, Arc<Script>) {
    let mut script = Script { answers: HashMap::new(), asked: Mutex::default(), authorization: None };
    for (command, (status, text)) in answers.iter().chain(&[("version", VERSION)]) {
        script.answers.insert(command, (*status, (*text).to_owned()));
    }
    let (url, script) = serve(script).await;
    (KuboPinStore::connect(KuboConfig::new(url), SystemClock::shared()).await.unwrap(), script)
}

async fn pin(store: &KuboPinStore, bytes: &[u8]) -> Result<Pinned, Error> {
    let content = BytesContent::new(bytes);
    let expected = fingerprint_bytes(Profile::Pinata, bytes).unwrap();
    store.pin(PinRequest::new(&content, &expected, "file.bin")).await
}

fn context<'a>(error: &'a Error, key: &str) -> &'a str {
    error.context().iter().find(|(name, _)| *name == key).map_or("", |(_, value)| value)
}

#[tokio::test]
async fn a_node_that_cuts_files_in_another_way_is_told_apart_and_nothing_is_pinned() {
    let bytes = vec![3_u8; 600_000];
    let other = fingerprint_bytes(Profile::UnixFsV1_2025, &bytes).unwrap().cid;
    let added = format!(r#"{{"Name":"file.bin","Hash":"{other}","Size":"600000"}}"#);
    let (store, script) = node(&[("pin/ls", NOT_PINNED), ("add", (200, &added))]).await;
    let error = pin(&store, &bytes).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::IntegrityMismatch, Retry::Never));
    assert_eq!(context(&error, "returned"), other.to_string());
    assert_eq!(context(&error, "matched_profile"), "unixfs-v1-2025");
    assert!(!script.asked.lock().await.iter().any(|asked| asked.contains("pin/add")));
}

#[tokio::test]
async fn a_node_that_answers_with_nonsense_is_refused() {
    for hash in [Cid::raw([9; 32]).to_string(), "not a cid".to_owned()] {
        let added = format!(r#"{{"Name":"file.bin","Hash":"{hash}","Size":"3"}}"#);
        let (store, _) = node(&[("pin/ls", NOT_PINNED), ("add", (200, &added))]).await;
        let error = pin(&store, b"abc").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
        assert_eq!(context(&error, "matched_profile"), "none");
    }
}

#[tokio::test]
async fn the_profile_is_said_in_full_and_bytes_are_added_unpinned() {
    let (store, script) = node(&[("pin/ls", NOT_PINNED)]).await;
    pin(&store, b"abc").await.unwrap_err();
    let asked = script.asked.lock().await;
    let add = asked.iter().find(|asked| asked.contains("/add")).unwrap();
    for wanted in
        ["cid-version=1", "raw-leaves=true", "chunker=size-262144", "max-file-links=174", "pin=false"]
    {
        assert!(add.contains(wanted), "{wanted} in {add}");
    }
    assert!(asked.iter().all(|asked| asked.starts_with("POST ")));
}

#[tokio::test]
async fn failures_of_the_node_have_their_kind_and_their_retry() {
    let full = r#"{"Message":"no space left on device","Code":0,"Type":"error"}"#;
    let late = "{\"Name\":\"file.bin\",\"Bytes\":3}\n{\"Message\":\"no space left\",\"Code\":0,\"Type\":\"error\"}\n";
    let again = Retry::After(None);
    let table = [
        ((500, full), ErrorKind::Unavailable, again),
        ((200, late), ErrorKind::Unavailable, again),
        ((200, ""), ErrorKind::Unavailable, again),
        ((200, "<html>proxy</html>"), ErrorKind::Unavailable, again),
        ((502, "<html>proxy</html>"), ErrorKind::Unavailable, again),
        ((401, "401 Unauthorized"), ErrorKind::Unauthenticated, Retry::Never),
        ((403, "403 - Forbidden"), ErrorKind::PermissionDenied, Retry::Never),
        ((413, ""), ErrorKind::InvalidInput, Retry::Never),
    ];
    for (added, kind, retry) in table {
        let (store, _) = node(&[("pin/ls", NOT_PINNED), ("add", added)]).await;
        let error = pin(&store, b"abc").await.unwrap_err();
        assert_eq!((error.kind(), error.retry(), error.op()), (kind, retry, "pin"), "{added:?}");
    }
    let cid = Cid::raw([1; 32]);
    let pinned = format!(r#"{{"Keys":{{"{cid}":{{"Type":"recursive"}}}}}}"#);
    for list in [(500, full), (200, &*pinned)] {
        let (store, _) = node(&[("pin/ls", list), ("pin/rm", (500, full))]).await;
        assert_eq!(store.unpin(&cid).await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    let (store, _) = node(&[("pin/ls", (500, full))]).await;
    assert_eq!(store.find(&cid).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_damaged_block_is_not_given_out() {
    let cid = fingerprint_bytes(Profile::Pinata, b"the right bytes").unwrap().cid;
    let pinned = format!(r#"{{"Keys":{{"{cid}":{{"Type":"recursive"}}}}}}"#);
    let (store, _) = node(&[("pin/ls", (200, &pinned)), ("block/get", (200, "the wrong bytes"))]).await;
    assert_eq!(store.fetch(&cid).await.unwrap_err().kind(), ErrorKind::IntegrityMismatch);
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let token = KuboAuth::Bearer(Secret::from("hidden-token"));
    let basic = KuboAuth::Basic { user: "me".to_owned(), password: Secret::from("hidden-token") };
    let headers = ["Bearer hidden-token", "Basic bWU6aGlkZGVuLXRva2Vu"];
    for (auth, header) in [token, basic].into_iter().zip(headers) {
        for authorization in [header, "Bearer another"] {
            let answers = HashMap::from([("version", (200, VERSION.1.to_owned()))]);
            let script = Script { answers, asked: Mutex::default(), authorization: Some(authorization) };
            let (url, _) = serve(script).await;
            let mut config = KuboConfig::new(url);
            config.auth = Some(auth.clone());
            match KuboPinStore::connect(config, SystemClock::shared()).await {
                Ok(store) => {
                    assert_eq!(authorization, header);
                    assert!(!format!("{store:?}").contains("hidden"));
                }
                Err(error) => {
                    assert_ne!(authorization, header);
                    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
                    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_node_that_is_not_there_is_unavailable_and_a_wrong_address_is_told() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = KuboPinStore::connect(KuboConfig::new(url), SystemClock::shared()).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)));
    assert_eq!(context(&error, "phase"), "connect");
    let mut config = KuboConfig::new("http://node.example:5001");
    config.auth = Some(KuboAuth::Bearer(Secret::from("hidden-token")));
    let error = KuboPinStore::connect(config, SystemClock::shared()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(context(&error, "field"), "rpc_url");
}
