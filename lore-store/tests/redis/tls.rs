//! Encrypted connections, to a server whose certificate vouches for itself.

use std::{
    env,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use lore_core::{ErrorKind, Result, Retry, port::cache::Cache};
use lore_store::redis::{RedisCache, RedisConfig};
use lore_store_testbed::RedisServer;

/// Where TLS on Linux looks for the certificates to trust, before it looks anywhere else.
const TRUSTED: &str = "SSL_CERT_FILE";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/redis-tls").join(name).canonicalize().unwrap()
}

/// A server that also listens on a port, with its address.
async fn encrypted() -> Option<(RedisServer, String)> {
    // Free a moment ago; a server that finds it taken says so and ends the test.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let (certificate, key) = (data("certificate.pem"), data("key.pem"));
    let options = [
        "--bind",
        "127.0.0.1",
        "--tls-port",
        &port,
        "--tls-auth-clients",
        "no",
        "--tls-cert-file",
        certificate.to_str().unwrap(),
        "--tls-key-file",
        key.to_str().unwrap(),
    ];
    Some((RedisServer::start_with(&options).await?, format!("rediss://localhost:{port}")))
}

fn cache(url: &str) -> Result<RedisCache> {
    RedisCache::new(&RedisConfig::new(url).with_connect_timeout_ms(20_000).with_command_timeout_ms(20_000))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_nobody_vouches_for_is_refused() -> Result<()> {
    let Some((_server, url)) = encrypted().await else { return Ok(()) };
    if env::var_os(TRUSTED).is_some_and(|file| Path::new(&file) == data("certificate.pem")) {
        println!("skipped: this process trusts it");
        return Ok(());
    }
    let error = cache(&url)?.ping().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Config, Retry::Never), "{error:?}");
    Ok(())
}

/// What a process trusts is set before it starts, so this test runs itself in another one.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_certificate_makes_an_encrypted_connection() -> Result<()> {
    let trusted = data("certificate.pem");
    if env::var_os(TRUSTED).is_none_or(|file| Path::new(&file) != trusted) {
        let name = "tls::a_trusted_certificate_makes_an_encrypted_connection";
        let status = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(TRUSTED, &trusted)
            .status();
        assert!(status.unwrap().success());
        return Ok(());
    }
    let Some((server, url)) = encrypted().await else { return Ok(()) };
    let cache = cache(&url)?;
    let value: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    cache.put("a", value.as_slice().into(), Duration::from_secs(60)).await?;
    assert_eq!(cache.get("a").await?.as_deref(), Some(value.as_slice()));
    assert_eq!(server.ask(&["EXISTS", "lore:a"]), "1");
    Ok(())
}
