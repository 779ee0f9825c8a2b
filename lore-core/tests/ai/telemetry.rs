//! What recorders of metrics see.

use std::time::Duration;

use lore_core::ai::Ask;

use crate::{Colour, Setup, anna, limited, says, sums::Sums};

#[tokio::test]
async fn requests_and_calls_are_counted_and_timed_under_the_names_of_open_telemetry() {
    let sums = Sums::default();
    // The runtime has one thread, so the service's tasks record here too.
    let recording = metrics::set_default_local_recorder(&sums);
    let fixture = Setup::new().scripted(|provider| {
        provider.model("one", [limited(None)]).model("two", [says("blue").after(Duration::from_secs(2))])
    });
    fixture.ask("sea").await.unwrap();
    fixture.ask("sea").await.unwrap();
    let ask = Ask::new(Colour::of("sky"));
    let caller = anna();
    let (one, other) = futures_util::join!(fixture.ai.ask(&caller, &ask), fixture.ai.ask(&caller, &ask));
    one.unwrap();
    other.unwrap();
    fixture.ask(" ").await.unwrap_err();
    drop(recording);
    let usage: Vec<_> = fixture.calls().await.iter().map(|call| call.usage).collect();
    let prompt: u64 = usage.iter().map(|usage| usage.prompt_tokens).sum();
    let completion: u64 = usage.iter().map(|usage| usage.completion_tokens).sum();
    assert!(prompt > 0 && completion > 0);

    let of = |model: &str| {
        format!(
            "gen_ai.operation.name=chat,gen_ai.provider.name=scripted,gen_ai.request.model={model},\
             lore.ai.operation=analysis"
        )
    };
    let (one, two) = (of("one"), of("two"));
    assert_eq!(
        sums.lines(),
        [
            format!("gen_ai.client.operation.duration{{{one},error.type=rate_limited}} 0"),
            format!("gen_ai.client.operation.duration{{{two}}} 4"),
            format!("gen_ai.client.token.usage{{{two},gen_ai.token.type=input}} {prompt}"),
            format!("gen_ai.client.token.usage{{{two},gen_ai.token.type=output}} {completion}"),
            "lore_ai_request_duration_seconds{outcome=coalesced} 2".to_owned(),
            "lore_ai_request_duration_seconds{outcome=failed} 0".to_owned(),
            "lore_ai_request_duration_seconds{outcome=fresh} 0".to_owned(),
            "lore_ai_request_duration_seconds{outcome=miss} 4".to_owned(),
            "lore_ai_requests_total{outcome=coalesced} 1".to_owned(),
            "lore_ai_requests_total{outcome=failed} 1".to_owned(),
            "lore_ai_requests_total{outcome=fresh} 1".to_owned(),
            "lore_ai_requests_total{outcome=miss} 2".to_owned(),
        ]
    );
}
