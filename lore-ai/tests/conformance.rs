//! The suite of the port against the local server.

#![cfg(test)]

use std::sync::{Arc, Mutex};

use lore_ai::{OpenAiConfig, OpenAiLlmProvider};
use lore_ai_testbed::{Reply, Server};
use lore_core::{Result, SystemClock, conformance::llm_provider::Harness, port::llm::LlmProvider};

struct LocalHarness {
    reply: Reply,
    server: Mutex<Option<Server>>,
}

impl LocalHarness {
    fn new(reply: Reply) -> Self {
        Self { reply, server: Mutex::default() }
    }
}

impl Harness for LocalHarness {
    async fn fresh(&self) -> Result<Arc<dyn LlmProvider>> {
        let server = Server::start().await;
        server.model(&self.model(), [self.reply.clone()]);
        let config = OpenAiConfig::new("local", server.base_url());
        *self.server.lock().unwrap() = Some(server);
        Ok(Arc::new(OpenAiLlmProvider::new(config, SystemClock::shared())?))
    }

    fn model(&self) -> String {
        "lore/answers".to_owned()
    }

    fn requests_sent(&self) -> Option<usize> {
        self.server.lock().unwrap().as_ref().map(Server::calls)
    }
}

mod that_counts {
    use super::{LocalHarness, Reply};

    lore_core::llm_provider_conformance!(LocalHarness::new(Reply::text("Blue.").cost("0.0000021")));
}

mod that_states_no_usage {
    use super::{LocalHarness, Reply};

    lore_core::llm_provider_conformance!(LocalHarness::new(Reply::text("Blue.").without_usage()));
}
