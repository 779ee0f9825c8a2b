//! What the quickstart says at its end, and what must be true of it.
//!
//! The names of the JSON fields stand in [`Summary::parse`] and nowhere else.

use std::collections::BTreeSet;

use serde_json::Value;

/// The last line of `quickstart --json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Finished assets in the repository.
    pub(crate) assets: u64,
    /// Registrations on the chain.
    pub(crate) registrations: u64,
    /// Licence attachments on the chain.
    pub(crate) license_attachments: u64,
    /// Contents that the pin store keeps.
    pub(crate) pins: u64,
    /// Uploads performed over the life of the data directory. A crash between an upload and its record hides it
    /// from this count, so it may be lower than `pins`, never higher.
    pub(crate) uploads: u64,
    /// Derivative links on the chain.
    pub(crate) links: u64,
    /// Parents over all links.
    pub(crate) linked_parents: u64,
    /// Blocks in the block store.
    pub(crate) blocks: u64,
    /// Every pinned CID.
    pub(crate) cids: Vec<String>,
    /// IP id of every asset.
    pub(crate) ip_ids: Vec<String>,
    /// Creations that have not come to their end.
    pub(crate) creations_unfinished: u64,
}

/// What one finished run shows, beyond having finished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) duplicate_registrations: u64,
    pub(crate) duplicate_uploads: u64,
    /// Assets that are missing or unfinished.
    pub(crate) lost: u64,
    /// Everything else that differs from an undisturbed run.
    pub(crate) other: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

impl Summary {
    /// Finds the summary in what the quickstart printed: it is the last line.
    pub(crate) fn parse(printed: &str) -> Result<Self, String> {
        let line = printed.lines().rev().find(|line| !line.trim().is_empty()).ok_or("it printed nothing")?;
        let json: Value =
            serde_json::from_str(line).map_err(|err| format!("its last line is not JSON: {err}"))?;
        if json.get("event").and_then(Value::as_str) != Some("summary") {
            return Err("its last line is not the summary".into());
        }
        let number = |name: &str| {
            let value = json.get(name).ok_or_else(|| format!("the summary has no `{name}`"))?;
            value.as_u64().ok_or_else(|| format!("`{name}` of the summary is not a number"))
        };
        let texts = |name: &str| -> Result<Vec<String>, String> {
            let value = json.get(name).ok_or_else(|| format!("the summary has no `{name}`"))?;
            let items = value.as_array().ok_or_else(|| format!("`{name}` of the summary is not a list"))?;
            let text = |item: &Value| item.as_str().map(String::from);
            let all: Option<Vec<_>> = items.iter().map(text).collect();
            all.ok_or_else(|| format!("`{name}` of the summary has an item that is not text"))
        };
        Ok(Self {
            assets: number("assets")?,
            registrations: number("registrations")?,
            license_attachments: number("license_attachments")?,
            pins: number("pins")?,
            uploads: number("uploads")?,
            links: number("links")?,
            linked_parents: number("linked_parents")?,
            blocks: number("blocks")?,
            cids: texts("cids")?,
            ip_ids: texts("ip_ids")?,
            creations_unfinished: number("creations_unfinished")?,
        })
    }

    /// What is wrong with an undisturbed first run: it is what all others are measured by.
    pub(crate) fn faults_of_a_first_run(&self) -> Vec<String> {
        let mut faults = self.judge(self).other;
        let mut require = |holds: bool, what: &str| {
            if !holds {
                faults.push(what.into());
            }
        };
        require(self.assets == 3, "it must make three assets");
        require(self.registrations == 3, "it must register three times");
        require(self.links == 1, "it must link one derivative");
        require(self.linked_parents == 2, "the derivative must have two parents");
        require(self.uploads == self.pins, "every pinned content must have been uploaded once");
        require(self.creations_unfinished == 0, "it must finish what it began");
        require(count(&self.ip_ids) == 3, "it must list three different IP ids");
        faults
    }

    /// Compares what a killed and resumed run came to with an undisturbed one.
    pub(crate) fn judge(&self, undisturbed: &Self) -> Verdict {
        let cids = distinct(&self.cids);
        let ip_ids = distinct(&self.ip_ids);
        let registered = self.registrations.max(count(&self.ip_ids));
        let uploaded = self.uploads.max(count(&self.cids)).max(self.pins);
        let missing = undisturbed.assets.saturating_sub(self.assets.min(ip_ids));
        let mut other = Vec::new();
        for (what, found, expected) in [
            ("assets", self.assets, undisturbed.assets),
            ("registrations", self.registrations, undisturbed.registrations),
            ("licence attachments", self.license_attachments, undisturbed.license_attachments),
            ("links", self.links, undisturbed.links),
            ("linked parents", self.linked_parents, undisturbed.linked_parents),
            ("pins", self.pins, undisturbed.pins),
            ("blocks", self.blocks, undisturbed.blocks),
            ("different CIDs", cids, distinct(&undisturbed.cids)),
            ("pins, as many as CIDs,", self.pins, cids),
        ] {
            if found != expected {
                other.push(format!("{found} {what} instead of {expected}"));
            }
        }
        Verdict {
            duplicate_registrations: registered.saturating_sub(undisturbed.assets),
            duplicate_uploads: uploaded.saturating_sub(cids),
            lost: missing.max(self.creations_unfinished),
            other,
        }
    }
}

fn count(items: &[String]) -> u64 {
    items.len().try_into().unwrap_or(u64::MAX)
}

fn distinct(items: &[String]) -> u64 {
    items.iter().collect::<BTreeSet<_>>().len().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let printed = r#"{"event":"asset_created"}
            {"event":"summary","assets":3,"registrations":3,"license_attachments":2,"pins":4,"uploads":4,"links":1,"linked_parents":2,
             "blocks":5,"cids":["a","b","c","d"],"ip_ids":["1","2","3"],"creations_unfinished":0}"#;
        Summary::parse(&printed.replace(",\n", ",")).unwrap()
    }

    #[test]
    fn a_clean_run_has_nothing_to_say() {
        assert_eq!(summary().faults_of_a_first_run(), Vec::<String>::new());
        // An upload whose record was lost is no fault: it was looked up, not repeated.
        assert!(Summary { uploads: 3, ..summary() }.judge(&summary()).is_clean());
    }

    #[test]
    fn each_kind_of_damage_is_counted_as_what_it_is() {
        let twice = Summary { registrations: 4, ..summary() }.judge(&summary());
        assert_eq!((twice.duplicate_registrations, twice.lost), (1, 0));
        let again = Summary { uploads: 6, ..summary() }.judge(&summary());
        assert_eq!(again.duplicate_uploads, 2);
        let listed = ["a", "b", "c", "d", "d"].map(String::from).to_vec();
        assert_eq!(Summary { cids: listed, ..summary() }.judge(&summary()).duplicate_uploads, 1);
        let lost = Summary { assets: 2, registrations: 2, ip_ids: vec!["1".into(), "2".into()], ..summary() };
        assert_eq!(lost.judge(&summary()).lost, 1);
        assert_eq!(Summary { creations_unfinished: 1, ..summary() }.judge(&summary()).lost, 1);
        let orphan = Summary { blocks: 6, ..summary() }.judge(&summary());
        assert_eq!(orphan.other, ["6 blocks instead of 5"]);
    }

    #[test]
    fn one_ip_id_for_two_assets_is_a_loss() {
        let same = ["1", "2", "2"].map(String::from).to_vec();
        assert_eq!(Summary { ip_ids: same, ..summary() }.judge(&summary()).lost, 1);
    }

    #[test]
    fn output_without_a_summary_is_refused_with_the_reason() {
        assert_eq!(Summary::parse("").unwrap_err(), "it printed nothing");
        assert_eq!(Summary::parse(r#"{"event":"step"}"#).unwrap_err(), "its last line is not the summary");
        assert_eq!(Summary::parse(r#"{"event":"summary"}"#).unwrap_err(), "the summary has no `assets`");
        assert!(Summary::parse(r#"{"event":"sum"#).unwrap_err().contains("not JSON"));
    }
}
