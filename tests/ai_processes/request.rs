//! [`Request`]: what is asked, by whom, made from its number alone.

use lore::{
    Address, AssetType, Caller, ErrorKind, RequestId,
    ai::{
        AiService, Ask, Operation, Tier,
        operations::{
            AnalysisRequest, DerivativeRequest, DescriptionRequest, LicenseRequest, Subject, TitleRequest,
            ValidationRequest, Work,
        },
    },
};

/// Users with a budget; the first ask more often than the last.
pub(crate) const USERS: u64 = 12;
/// Works that are asked about; the first more often than the last.
const WORKS: u64 = 40;
/// A word of works that no model can say anything about.
pub(crate) const UNSPEAKABLE: &str = "unspeakable";

pub(crate) fn user(number: u64) -> Address {
    Address::from_bytes([u8::try_from(number + 1).unwrap(); 20])
}

/// SplitMix64: repeatable, and good enough to draw lots.
fn mixed(seed: u64) -> u64 {
    let mut value = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// How a request ended, in one word, and its id if it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) how: String,
    pub(crate) request: Option<RequestId>,
}

/// One request of the many.
pub(crate) struct Request {
    lots: u64,
}

impl Request {
    pub(crate) fn number(number: u64) -> Self {
        Self { lots: mixed(number + 1) }
    }

    /// A lot below `bound`, another one for each `salt`.
    fn below(&self, bound: u64, salt: u64) -> u64 {
        mixed(self.lots ^ salt) % bound
    }

    /// One of `bound`, the first ones more often.
    fn first_of(&self, bound: u64, salt: u64) -> u64 {
        self.below(bound, salt).min(self.below(bound, salt + 1))
    }

    fn caller(&self) -> Caller {
        match self.below(10, 1) {
            0 => Caller::System,
            _ => Caller::User(user(self.first_of(USERS, 2))),
        }
    }

    fn work(&self, salt: u64) -> Work {
        let number = self.first_of(WORKS, salt);
        let word = if number % 13 == 12 { UNSPEAKABLE } else { "quiet" };
        Work::new(AssetType::Writing)
            .title(format!("Work {number}"))
            .description(format!("A {word} text about the tide in winter."))
    }

    pub(crate) async fn send(&self, ai: &AiService) -> Ended {
        match self.below(7, 10) {
            0 => self.ask(ai, TitleRequest::new(self.work(20))).await,
            1 => self.ask(ai, DescriptionRequest::new(self.work(20))).await,
            2 => self.ask(ai, AnalysisRequest::new(self.work(20))).await,
            3 => self.ask(ai, LicenseRequest::new(self.work(20)).commercial_use(true)).await,
            4 => self.ask(ai, DerivativeRequest::new(self.work(20), self.work(30))).await,
            5 => {
                let title = format!("Work {}", self.first_of(WORKS, 20));
                self.ask(ai, ValidationRequest::new(Subject::Title(title))).await
            }
            // Nothing is said about the work, which is out of bounds.
            _ => self.ask(ai, TitleRequest::new(Work::new(AssetType::Writing))).await,
        }
    }

    async fn ask<O: Operation>(&self, ai: &AiService, operation: O) -> Ended {
        let tier = if self.below(4, 40) == 0 { Tier::Quality } else { Tier::Fast };
        let mut ask = Ask::new(operation).tier(tier);
        if self.below(3, 50) > 0 {
            ask = ask.public();
        }
        if self.below(50, 60) == 0 {
            ask = ask.anew();
        }
        match ai.ask(&self.caller(), &ask).await {
            Ok(reply) => {
                Ended { how: format!("{:?}", reply.cache).to_lowercase(), request: Some(reply.request) }
            }
            Err(error) => {
                let is_budget = error.context().iter().any(|(key, _)| *key == "budget");
                let how = match error.kind() {
                    ErrorKind::InvalidInput => "invalid",
                    ErrorKind::RateLimited if is_budget => "over_budget",
                    ErrorKind::Unavailable => "failed",
                    kind => panic!("{kind:?}: {error:?}"),
                };
                Ended { how: how.to_owned(), request: None }
            }
        }
    }
}
