//! The command line.

use std::path::PathBuf;

use lore::ai::Tier;

pub(crate) const HELP: &str = "\
Asks all five operations and a validation twice each, then reports.

  --data DIR    where everything is stored (default: ./lore-data)
  --tier NAME   `fast` (default) or `quality`
  --json        one JSON object per line
  --help        print this

LORE_AI_BASE_URL, LORE_AI_KEY and LORE_AI_MODEL name an endpoint; without, documented rules answer.
";

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) data: PathBuf,
    pub(crate) tier: Tier,
    pub(crate) json: bool,
}

impl Args {
    /// `None`: help was asked for.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut args = Self { data: "lore-data".into(), tier: Tier::Fast, json: false };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--data" => args.data = value()?.into(),
                "--tier" => {
                    let name = value()?;
                    args.tier = Tier::from_name(&name).ok_or_else(|| format!("there is no tier `{name}`"))?;
                }
                "--json" => args.json = true,
                "--help" => return Ok(None),
                _ => return Err(format!("`{word}` is not an option")),
            }
        }
        Ok(Some(args))
    }
}
