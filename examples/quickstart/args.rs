//! The command line.

use std::{ffi::OsString, path::PathBuf};

use crate::crash;

pub(crate) const HELP: &str = "\
Registers three works on a chain and finds them again.

  --data DIR          where everything is stored (default: ./lore-data)
  --chain NAME        `simulated` (default), or `story`: the chain of LORE_STORY_RPC, signed with
                      LORE_STORY_KEY (needs the feature `story`)
  --media FILE        the first work's media (default: an image in examples/assets)
  --json              one JSON event per line; the last one is the summary
  --resume            finish what an interrupted run left, instead of adding new works
  --crash-at POINT    abort the process at a named point
  --list-crash-points print the named points
  --help              print this
";

/// Which chain the works are registered on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chain {
    Simulated,
    Story,
}

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) data: PathBuf,
    pub(crate) chain: Chain,
    pub(crate) media: Option<PathBuf>,
    pub(crate) json: bool,
    pub(crate) resume: bool,
    pub(crate) crash_at: Option<crash::Point>,
}

#[derive(Debug)]
pub(crate) enum Command {
    Run(Args),
    Help,
    ListCrashPoints,
}

impl Args {
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Command, String> {
        let mut args = Self {
            data: "lore-data".into(),
            chain: Chain::Simulated,
            media: None,
            json: false,
            resume: false,
            crash_at: None,
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = |name: &str| words.next().ok_or_else(|| format!("{name} needs a value"));
            match word.to_str() {
                Some("--data") => args.data = value("--data")?.into(),
                Some("--chain") => {
                    let name = value("--chain")?;
                    args.chain = match name.to_str() {
                        Some("simulated") => Chain::Simulated,
                        Some("story") => Chain::Story,
                        _ => return Err(format!("no chain is called `{}`", name.display())),
                    };
                }
                // A later `--resume` may come from another directory.
                Some("--media") => {
                    let path =
                        std::path::absolute(value("--media")?).map_err(|err| format!("--media: {err}"))?;
                    args.media = Some(path);
                }
                Some("--json") => args.json = true,
                Some("--resume") => args.resume = true,
                Some("--crash-at") => {
                    let name = value("--crash-at")?;
                    let known = crash::points().into_iter().find(|point| name == point.to_string().as_str());
                    args.crash_at = Some(known.ok_or_else(|| {
                        format!("no crash point is called `{}`; see --list-crash-points", name.display())
                    })?);
                }
                Some("--list-crash-points") => return Ok(Command::ListCrashPoints),
                Some("--help" | "-h") => return Ok(Command::Help),
                _ => return Err(format!("unknown option `{}`", word.display())),
            }
        }
        Ok(Command::Run(args))
    }
}
