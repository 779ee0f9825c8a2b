//! [`Rule`]: which calls a fault happens to.

use std::{collections::HashMap, fmt, ops::RangeInclusive};

use serde_json::Value;

use super::fault::Fault;

type When = Box<dyn Fn(&Value) -> bool + Send + Sync>;

/// Which calls a fault happens to: by method, by parameters, and by how many such calls came before. Every rule counts
/// for itself, from the moment it was added.
pub struct Rule {
    method: Option<String>,
    when: Option<When>,
    window: RangeInclusive<u64>,
    per_params: bool,
    /// Calls that fit, by their parameters or all together.
    seen: HashMap<String, u64>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_deref().unwrap_or("any");
        write!(f, "{method} {:?}", self.window)
    }
}

impl Rule {
    /// All calls.
    #[must_use]
    pub fn any() -> Self {
        Self { method: None, when: None, window: 1..=u64::MAX, per_params: false, seen: HashMap::new() }
    }

    /// All calls of a method.
    #[must_use]
    pub fn on(method: &str) -> Self {
        Self { method: Some(method.to_owned()), ..Self::any() }
    }

    /// Of these, those with such parameters. Others are not counted.
    #[must_use]
    pub fn when(mut self, when: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(Box::new(when));
        self
    }

    /// Only the `nth`, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.window = nth..=nth;
        self
    }

    /// Only the first `count`.
    #[must_use]
    pub fn first(mut self, count: u64) -> Self {
        self.window = 1..=count;
        self
    }

    /// Only from the one with this number on, from 1.
    #[must_use]
    pub fn from_nth(mut self, nth: u64) -> Self {
        self.window = nth..=u64::MAX;
        self
    }

    /// Counts calls with different parameters apart: `first(2)` is then the first two asks for each receipt.
    #[must_use]
    pub fn per_params(mut self) -> Self {
        self.per_params = true;
        self
    }

    /// Counts a call, and tells whether the fault happens to it.
    fn fires(&mut self, method: &str, params: &Value) -> bool {
        let fits = self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.when.as_ref().is_none_or(|when| when(params));
        if !fits {
            return false;
        }
        let key = if self.per_params { params.to_string() } else { String::new() };
        let seen = self.seen.entry(key).or_default();
        *seen += 1;
        self.window.contains(seen)
    }
}

/// Names a rule of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(u64);

/// The rules of a proxy, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    added: u64,
    list: Vec<(RuleId, Rule, Fault)>,
    fired: HashMap<RuleId, u64>,
}

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule, fault: Fault) -> RuleId {
        self.added += 1;
        let id = RuleId(self.added);
        self.list.push((id, rule, fault));
        id
    }

    pub(crate) fn remove(&mut self, id: RuleId) {
        self.list.retain(|(found, ..)| *found != id);
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    pub(crate) fn fired(&self, id: RuleId) -> u64 {
        self.fired.get(&id).copied().unwrap_or_default()
    }

    /// Lets every rule count the call; the first that fires decides.
    pub(crate) fn fault(&mut self, method: &str, params: &Value) -> Option<Fault> {
        let mut chosen = None;
        for (id, rule, fault) in &mut self.list {
            if rule.fires(method, params) && chosen.is_none() {
                chosen = Some(fault.clone());
                *self.fired.entry(*id).or_default() += 1;
            }
        }
        chosen
    }
}
