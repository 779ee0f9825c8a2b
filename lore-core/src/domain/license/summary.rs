//! What license terms mean, in plain language.
//!
//! Short sentences to whoever wants a license, one per point, for any terms whatever. They describe the fields and what
//! the protocol does with them; they are no legal text.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{license::PilTerms, percent::percent},
    onchain::{Address, Share, Uint256, Wei},
    protocol::{ROYALTY_POLICY_LAP, ROYALTY_POLICY_LRP, WIP},
};

/// What a [`Point`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Topic {
    /// Commercial use.
    CommercialUse,
    /// The price of a license.
    Price,
    /// Naming the creator.
    Attribution,
    /// Whether derivatives may be made, and of derivatives again.
    Derivatives,
    /// The owner's approval of derivatives.
    Approval,
    /// What derivatives owe.
    RevenueShare,
    /// Limits to revenue.
    RevenueLimit,
    /// How long a license lasts.
    Duration,
    /// Whether a license may be passed on.
    Transfer,
    /// Where the full text is.
    FullText,
}

/// One sentence of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Point {
    /// What it is about.
    pub topic: Topic,
    /// The sentence.
    pub text: String,
}

/// License terms in plain language. Shown as one sentence per line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// The sentences, most important first.
    pub points: Vec<Point>,
}

impl Summary {
    fn say(&mut self, topic: Topic, text: impl Into<String>) {
        self.points.push(Point { topic, text: text.into() });
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, point) in self.points.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&point.text)?;
        }
        Ok(())
    }
}

/// What these terms mean. Any terms have a summary, also those that no chain would take.
#[must_use]
pub fn summary(terms: &PilTerms) -> Summary {
    let mut summary = Summary { points: Vec::new() };
    say_use(&mut summary, terms);
    say_derivatives(&mut summary, terms);
    say_revenue(&mut summary, terms);
    say_license(&mut summary, terms);
    summary
}

fn say_use(summary: &mut Summary, terms: &PilTerms) {
    let checker = terms.commercializer_checker;
    if !terms.commercial_use {
        summary.say(Topic::CommercialUse, "You may not use the work commercially.");
    } else if checker.is_zero() {
        summary.say(Topic::CommercialUse, "You may use the work commercially.");
    } else {
        summary.say(
            Topic::CommercialUse,
            format!("You may use the work commercially if the contract {checker} lets you."),
        );
    }
    let price = terms.default_minting_fee;
    if price.is_zero() {
        summary.say(Topic::Price, "A license costs nothing.");
    } else {
        summary.say(Topic::Price, format!("A license costs {}.", amount(price, terms.currency)));
    }
    let attribution = match (terms.commercial_attribution, terms.derivatives_attribution) {
        (true, true) => "You must name the creator, in commercial use and in derivatives.",
        (true, false) => "You must name the creator in commercial use.",
        (false, true) => "You must name the creator in derivatives.",
        (false, false) => "The terms do not ask you to name the creator.",
    };
    summary.say(Topic::Attribution, attribution);
}

fn say_derivatives(summary: &mut Summary, terms: &PilTerms) {
    if !terms.derivatives_allowed {
        summary.say(Topic::Derivatives, "You may not make derivatives.");
        return;
    }
    let text = if terms.derivatives_reciprocal {
        "You may make derivatives; they carry these same terms."
    } else {
        "You may make derivatives, but nobody may make derivatives of those."
    };
    summary.say(Topic::Derivatives, text);
    if terms.derivatives_approval {
        summary.say(Topic::Approval, "The owner must approve each derivative before it is linked.");
    }
}

fn say_revenue(summary: &mut Summary, terms: &PilTerms) {
    if terms.commercial_use && terms.derivatives_allowed {
        summary.say(Topic::RevenueShare, revenue_share(terms));
    }
    for (ceiling, of_what) in
        [(terms.commercial_rev_ceiling, "commercial use"), (terms.derivative_rev_ceiling, "derivatives")]
    {
        if !ceiling.is_zero() {
            let limit = amount(ceiling, terms.currency);
            summary.say(Topic::RevenueLimit, format!("Revenue from {of_what} is limited to {limit}."));
        }
    }
}

fn revenue_share(terms: &PilTerms) -> String {
    let share = percent(u64::from(terms.commercial_rev_share));
    if terms.commercial_rev_share == 0 {
        return "Derivatives owe no share of their revenue.".to_owned();
    }
    if terms.commercial_rev_share > Share::FULL.millionths() {
        return format!("Derivatives would owe {share} % of their revenue, so none can be linked.");
    }
    let policy = terms.royalty_policy;
    // Without reciprocal terms there are no further derivatives.
    let further = if !terms.derivatives_reciprocal {
        String::new()
    } else if policy == ROYALTY_POLICY_LAP {
        ", and so do the derivatives of derivatives, however far down".to_owned()
    } else if policy == ROYALTY_POLICY_LRP {
        "; a derivative of a derivative owes its share to the work it was made from, which passes on its part"
            .to_owned()
    } else {
        format!("; the contract {policy} decides what derivatives of derivatives owe")
    };
    format!("Derivatives owe {share} % of their revenue{further}.")
}

fn say_license(summary: &mut Summary, terms: &PilTerms) {
    if terms.derivatives_allowed {
        let text = if terms.expiration_seconds.is_zero() {
            "A derivative's license does not end.".to_owned()
        } else {
            format!("A derivative's license ends {} after it is linked.", duration(terms.expiration_seconds))
        };
        summary.say(Topic::Duration, text);
    }
    let text = if terms.transferable {
        "A license may be passed on to others."
    } else {
        "A license may not be passed on to others."
    };
    summary.say(Topic::Transfer, text);
    if !terms.uri.is_empty() {
        summary.say(Topic::FullText, format!("Full text: {}", terms.uri));
    }
}

/// An amount in coins where the decimals are known, else in the smallest unit.
fn amount(amount: Wei, currency: Address) -> String {
    if currency == WIP {
        format!("{} WIP", amount.to_coins())
    } else if currency.is_zero() {
        format!("{amount} of the smallest unit of no token")
    } else {
        format!("{amount} of the smallest unit of the token {currency}")
    }
}

/// An exact duration in words: `365 days`, `1 hour 30 minutes`.
fn duration(seconds: Uint256) -> String {
    let Some(mut rest) = seconds.to_u64() else { return format!("{seconds} seconds") };
    let mut parts = Vec::new();
    for (unit, length) in [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::license::{LicenseOptions, LicensePreset, Payment};

    fn preset(preset: LicensePreset) -> String {
        let mut options = LicenseOptions::default();
        if preset.has_fee() {
            options = options.minting_fee(Wei::from(1_500_000_000_000_000_000_u64));
        }
        if preset.has_rev_share() {
            options = options.rev_share("12.5".parse().unwrap());
        }
        summary(&preset.terms(&options).unwrap()).to_string()
    }

    #[test]
    fn each_preset_is_told_in_plain_language() {
        let all: Vec<_> =
            LicensePreset::ALL.into_iter().map(|name| format!("# {name}\n{}", preset(name))).collect();
        insta::assert_snapshot!(all.join("\n\n"));
    }

    #[test]
    fn every_field_that_is_not_in_a_preset_is_told_too() {
        let payment = Payment {
            currency: "0xf2104833d386a2734a4eb3b8ad6fc6812f29e38e".parse().unwrap(),
            royalty_policy: ROYALTY_POLICY_LRP,
        };
        let terms = PilTerms {
            transferable: false,
            expiration_seconds: Uint256::from(31_541_401_u64),
            commercializer_checker: Address::from_bytes([1; 20]),
            commercial_rev_ceiling: Wei::from(5_u64),
            derivative_rev_ceiling: Wei::MAX,
            derivatives_attribution: false,
            ..PilTerms::commercial_remix(Wei::from(7_u64), Share::FULL, payment)
        };
        insta::assert_snapshot!(summary(&terms));
    }

    #[test]
    fn terms_that_no_chain_takes_have_a_summary_too() {
        let terms = PilTerms {
            commercial_use: true,
            derivatives_allowed: true,
            default_minting_fee: Wei::from(1_u64),
            commercial_rev_share: u32::MAX,
            expiration_seconds: Uint256::MAX,
            ..PilTerms::bare()
        };
        insta::assert_snapshot!(summary(&terms));
    }

    #[test]
    fn a_summary_is_sent_under_stable_names() {
        let summary = Summary {
            points: vec![Point { topic: Topic::RevenueShare, text: "Derivatives owe nothing.".to_owned() }],
        };
        insta::assert_snapshot!(
            serde_json::to_string(&summary).unwrap(),
            @r#"{"points":[{"topic":"revenue_share","text":"Derivatives owe nothing."}]}"#
        );
    }
}
