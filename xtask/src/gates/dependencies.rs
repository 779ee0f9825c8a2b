//! Who may depend on whom, read from `cargo tree`.

use std::path::Path;

use crate::process::{Outcome, cargo};

/// Crates that talk to the world. None of them is anywhere below `lore-core`.
const OUTSIDE: &[&str] = &[
    "axum", "deadpool", "diesel", "ethers", "hyper", "isahc", "postgres", "redis", "reqwest", "rusqlite",
    "sqlx", "surf", "tonic", "ureq",
];

/// Each knows its driver and `lore-core`, never another.
const ADAPTERS: &[&str] = &["lore-ai", "lore-ipfs", "lore-store", "lore-story"];

/// The faces see the facade only.
const FACES: &[&str] = &["lore-ip-wasm"];

const WASM: &str = "wasm32-unknown-unknown";

/// Every broken rule.
pub(crate) fn breaches(root: &Path) -> Outcome<Vec<String>> {
    let mut breaches = Vec::new();
    breaches.extend(core_breaches(&tree(root, "lore-core", &["-e", "normal"])?));
    for below in tree(root, "lore-core", &["-e", "normal", "--target", WASM])? {
        // moka holds answers of the AI service, which is native; what it asks for the time traps there too.
        if ["moka", "tokio"].contains(&below.name.as_str()) {
            breaches.push(format!("lore-core depends on `{}` on wasm, where its timers trap", below.name));
        }
    }
    for adapter in ADAPTERS {
        breaches.extend(adapter_breaches(adapter, &tree(root, adapter, &["-e", "normal,build,dev"])?));
    }
    for face in FACES {
        breaches.extend(face_breaches(face, &tree(root, face, &["-e", "normal,build,dev", "--depth", "1"])?));
    }
    println!("dependency rules of lore-core, {} adapters and {} faces: checked", ADAPTERS.len(), FACES.len());
    Ok(breaches)
}

/// A package below another.
#[derive(Debug, PartialEq, Eq)]
struct Below {
    name: String,
    features: String,
}

fn tree(root: &Path, package: &str, options: &[&str]) -> Outcome<Vec<Below>> {
    let text = cargo()
        .args(["tree", "-p", package, "--all-features", "--prefix", "none", "--format", "{p}|{f}"])
        .args(options)
        .dir(root)
        .read()?;
    // The first line is the package itself.
    Ok(text.lines().skip(1).filter_map(below).collect())
}

/// Reads `name v1.0.0 (proc-macro)|feature,feature (*)`.
fn below(line: &str) -> Option<Below> {
    let (package, features) = line.split_once('|')?;
    let name = package.split_whitespace().next()?;
    Some(Below { name: name.into(), features: features.trim_end_matches(" (*)").into() })
}

fn core_breaches(tree: &[Below]) -> Vec<String> {
    let mut breaches = Vec::new();
    for below in tree {
        let outside = OUTSIDE.contains(&below.name.as_str()) || below.name.starts_with("sqlx-");
        // Of alloy, only the values could ever be needed; providers and transports are the adapter's.
        let chain = below.name.starts_with("alloy") && !below.name.starts_with("alloy-primitives");
        if outside || chain || (below.name.starts_with("lore-") && below.name != "lore-core") {
            breaches.push(format!("lore-core depends on `{}`: that is an adapter's work", below.name));
        }
        if below.name == "tokio" && below.features != "time" {
            breaches.push(format!("lore-core may use tokio for `time` only, and uses `{}`", below.features));
        }
    }
    breaches.sort();
    breaches.dedup();
    breaches
}

fn adapter_breaches(adapter: &str, tree: &[Below]) -> Vec<String> {
    tree.iter()
        .filter(|below| below.name != adapter)
        .filter(|below| ADAPTERS.contains(&below.name.as_str()) || below.name == "lore-ip")
        .map(|below| format!("{adapter} depends on `{}`: adapters know lore-core only", below.name))
        .collect()
}

fn face_breaches(face: &str, tree: &[Below]) -> Vec<String> {
    tree.iter()
        .filter(|below| below.name.starts_with("lore-") && below.name != "lore-ip")
        .map(|below| format!("{face} depends on `{}`: faces know the facade only", below.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below_all(lines: &[&str]) -> Vec<Below> {
        lines.iter().filter_map(|line| below(line)).collect()
    }

    #[test]
    fn a_line_of_the_tree_is_read() {
        let read = below("tokio v1.54.1|time (*)").unwrap();
        assert_eq!(read, Below { name: "tokio".into(), features: "time".into() });
        assert_eq!(below("serde_derive v1.0.229 (proc-macro)|default").unwrap().name, "serde_derive");
        assert_eq!(below(""), None);
    }

    #[test]
    fn what_lore_core_must_not_know_is_named() {
        let fine = below_all(&["tokio v1.54.1|time", "serde v1.0.0|derive", "ruint v1.21.0|std"]);
        assert_eq!(core_breaches(&fine), Vec::<String>::new());
        for line in [
            "reqwest v0.13.5|",
            "alloy-provider v2.5.0|",
            "sqlx-core v0.9.0|",
            "tokio v1.54.1|net,time",
            "lore-ip v0.1.0|",
        ] {
            assert_eq!(core_breaches(&below_all(&[line, line])).len(), 1, "{line}");
        }
    }

    #[test]
    fn adapters_and_faces_stay_apart() {
        let tree = below_all(&["lore-core v0.1.0|", "lore-ipfs v0.1.0|", "lore-ip v0.1.0|"]);
        assert_eq!(adapter_breaches("lore-store", &tree).len(), 2);
        assert_eq!(adapter_breaches("lore-ipfs", &tree).len(), 1);
        assert_eq!(face_breaches("lore-ip-wasm", &tree).len(), 2);
    }
}
