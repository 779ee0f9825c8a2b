//! [`Catalogue`]: the providers, what their models cost, and which of a tier's models they still have.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures_util::lock::Mutex;

use super::{
    operation::Tier,
    policy::{AiPolicy, TierModel},
    telemetry::Calls,
};
use crate::{
    error::{Error, ErrorKind, Result},
    port::llm::{LlmProvider, ModelInfo, Price},
    time::{Clock, Timestamp},
};

/// One model at one provider.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) provider: Arc<dyn LlmProvider>,
    pub(super) provider_name: Arc<str>,
    pub(super) model: Arc<str>,
    /// Its place in the tier's list, from 0.
    pub(super) choice: u16,
    pub(super) calls: Arc<Calls>,
}

/// What the endpoints say about the models of the tiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelReport {
    /// Models of a tier that an endpoint does not list, with the provider's name.
    pub missing: Vec<(String, String)>,
    /// Models of a tier that an endpoint stops offering, with the provider's name and the time.
    pub ending: Vec<(String, String, Timestamp)>,
    /// Providers whose list could not be read, and why.
    pub unread: Vec<(String, String)>,
}

type Listed = HashMap<(Arc<str>, String), ModelInfo>;

#[derive(Debug)]
pub(super) struct Catalogue {
    providers: Vec<(Arc<str>, Arc<dyn LlmProvider>)>,
    fast: Vec<Candidate>,
    quality: Vec<Candidate>,
    listed: RwLock<Arc<Listed>>,
    /// From when prices may be asked for again, on the monotonic reading. Held while they are.
    ask_from: Mutex<Option<Duration>>,
}

/// How long after they were read lists that lack a price are not read again.
const PRICES_AGAIN: Duration = Duration::from_secs(300);
/// How long after one could not be read.
const UNREAD_AGAIN: Duration = Duration::from_secs(5);

impl Catalogue {
    /// # Errors
    /// [`ErrorKind::Config`] without a provider, for two of one name, and for a tier that names one that is not there.
    pub(super) fn new(providers: Vec<Arc<dyn LlmProvider>>, policy: &AiPolicy) -> Result<Self> {
        let refuse = |message: &'static str| Error::new(ErrorKind::Config, message).with_op("build");
        let providers: Vec<(Arc<str>, _)> =
            providers.into_iter().map(|provider| (Arc::from(provider.name()), provider)).collect();
        if providers.is_empty() {
            return Err(refuse("a port is missing").with_context("port", "llm_provider"));
        }
        for (index, (name, _)) in providers.iter().enumerate() {
            if providers.iter().take(index).any(|(other, _)| other == name) {
                return Err(refuse("two providers have one name").with_context("provider", name));
            }
        }
        let candidates = |models: &[TierModel]| -> Result<Vec<Candidate>> {
            let mut candidates = Vec::new();
            for model in models {
                let before = candidates.len();
                let named = |name: &str| model.provider.as_deref().is_none_or(|wanted| wanted == name);
                for (name, provider) in providers.iter().filter(|(name, _)| named(name)) {
                    candidates.push(Candidate {
                        provider: provider.clone(),
                        provider_name: name.clone(),
                        model: model.model.as_str().into(),
                        // Nobody lists as many; beyond, they would share the last place.
                        choice: u16::try_from(candidates.len()).unwrap_or(u16::MAX),
                        calls: Arc::default(),
                    });
                }
                if candidates.len() == before {
                    return Err(refuse("a tier names a provider that is not there")
                        .with_context("model", &model.model)
                        .with_context("provider", model.provider.as_deref().unwrap_or_default()));
                }
            }
            Ok(candidates)
        };
        Ok(Self {
            fast: candidates(&policy.fast)?,
            quality: candidates(&policy.quality)?,
            providers,
            listed: RwLock::default(),
            ask_from: Mutex::default(),
        })
    }

    /// The models of a tier at each of their providers, in the order in which they are asked.
    pub(super) fn candidates(&self, tier: Tier) -> &[Candidate] {
        match tier {
            Tier::Fast => &self.fast,
            Tier::Quality => &self.quality,
        }
    }

    /// What a model costs: what the policy says, or else its endpoint.
    pub(super) fn price(&self, candidate: &Candidate, policy: &AiPolicy) -> Option<Price> {
        if let Some(price) = policy.prices.get(&*candidate.model) {
            return Some(*price);
        }
        let listed = Arc::clone(&self.listed.read().unwrap_or_else(PoisonError::into_inner));
        let price_of = |model: &str| {
            listed.get(&(candidate.provider_name.clone(), model.to_owned())).and_then(|info| info.price)
        };
        // A variant (`a/b:nitro`) says how a model is found; an endpoint lists those that have a price of their own.
        let base = || candidate.model.split_once(':').and_then(|(base, _)| price_of(base));
        price_of(&candidate.model).or_else(base)
    }

    /// Asks for prices, unless that was done a short while ago; those who come meanwhile wait for the same answer.
    pub(super) async fn learn_prices(&self, clock: &dyn Clock) {
        let mut next = self.ask_from.lock().await;
        if next.is_some_and(|next| clock.monotonic() < next) {
            return;
        }
        let unread = self.refresh().await.unread;
        for (provider, error) in &unread {
            tracing::warn!(provider, error, "a list of models and prices cannot be read");
        }
        let pause = if unread.is_empty() { PRICES_AGAIN } else { UNREAD_AGAIN };
        *next = Some(clock.monotonic().saturating_add(pause));
    }

    /// Reads every provider's list again. A list that cannot be read leaves what was known from it.
    pub(super) async fn refresh(&self) -> ModelReport {
        let mut report = ModelReport::default();
        for (name, provider) in &self.providers {
            match provider.models().await {
                Ok(models) => {
                    let mut known = self.listed.write().unwrap_or_else(PoisonError::into_inner);
                    let mut listed = Listed::clone(&known);
                    listed.retain(|(provider, _), _| provider != name);
                    listed.extend(models.into_iter().map(|info| ((name.clone(), info.model.clone()), info)));
                    self.compare(name, &listed, &mut report);
                    *known = Arc::new(listed);
                }
                Err(error) => report.unread.push((name.to_string(), error.to_string())),
            }
        }
        report
    }

    fn compare(&self, provider: &Arc<str>, listed: &Listed, report: &mut ModelReport) {
        let of_provider = self.fast.iter().chain(&self.quality).filter(|one| one.provider_name == *provider);
        for candidate in of_provider {
            let model = candidate.model.to_string();
            match listed.get(&(provider.clone(), model.clone())) {
                None => {
                    tracing::warn!(%provider, model, "the endpoint does not list a model of a tier");
                    report.missing.push((provider.to_string(), model));
                }
                Some(info) => {
                    if let Some(ends) = info.ends {
                        tracing::warn!(%provider, model, %ends, "the endpoint stops offering a model of a tier");
                        report.ending.push((provider.to_string(), model, ends));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    };

    fn provider(name: &str, models: &[&str]) -> Arc<dyn LlmProvider> {
        let provider = ScriptedLlmProvider::new(name, Arc::new(ManualClock::default()));
        Arc::new(models.iter().fold(provider, |provider, model| provider.model(*model, [Reply::text("x")])))
    }

    fn policy() -> AiPolicy {
        AiPolicy {
            fast: vec![TierModel::new("a"), TierModel::new("b").at("two")],
            quality: vec![TierModel::new("c").at("one")],
            ..AiPolicy::default()
        }
    }

    #[test]
    fn models_are_asked_for_at_each_provider_in_turn_unless_one_is_named() {
        let catalogue = Catalogue::new(vec![provider("one", &[]), provider("two", &[])], &policy()).unwrap();
        let names = |tier| -> Vec<_> {
            let candidates = catalogue.candidates(tier).iter();
            candidates.map(|one| format!("{} {}/{}", one.choice, one.provider_name, one.model)).collect()
        };
        assert_eq!(names(Tier::Fast), ["0 one/a", "1 two/a", "2 two/b"]);
        assert_eq!(names(Tier::Quality), ["0 one/c"]);
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for providers in
            [vec![], vec![provider("one", &[])], vec![provider("one", &[]), provider("one", &[])]]
        {
            assert_eq!(Catalogue::new(providers, &policy()).unwrap_err().kind(), ErrorKind::Config);
        }
    }

    #[tokio::test]
    async fn models_that_an_endpoint_no_longer_lists_are_named() {
        let providers = vec![provider("one", &["a"]), provider("two", &["b", "a"])];
        let catalogue = Catalogue::new(providers, &policy()).unwrap();
        let report = catalogue.refresh().await;
        assert_eq!(report.missing, [("one".to_owned(), "c".to_owned())]);
        assert_eq!((report.ending.len(), report.unread.len()), (0, 0));
    }
}
