//! What the files themselves must keep to: length, words that tie them to one machine, layers inside a crate.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::process::{Doing, Outcome};

/// Lines of Rust in one file: one subject each.
const MOST_LINES: usize = 600;

/// Folders that no rule looks into.
const SKIPPED: &[&str] = &[".git", "target", "node_modules", "lore-data"];

/// Written in two halves, so that this file keeps its own rules. A path counts where a word starts.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/tm", "p/"),
    concat!("../sh", "ared"),
];

/// Hosts that package clients talk to. Which one that is, is a matter of the machine.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("static.rust-lang", ".org"),
    concat!("registry.", "npmjs", ".org"),
    concat!("registry.yarnpkg", ".com"),
    concat!("files.", "pythonhosted", ".org"),
    concat!("pypi", ".org/simple"),
    concat!("deb.debian", ".org"),
    concat!("security.debian", ".org"),
];

/// The domain is pure: no waiting, no I/O, no clock.
const NOT_IN_DOMAIN: &[&str] =
    &["async ", ".await", "std::fs", "std::net", "std::io", "dyn Clock", "tokio::"];

/// Files that are compiled for tests only, wherever they lie.
const TEST_FILES: &[&str] = &["tests.rs", "vectors.rs"];

/// What examples must not name: they show what a user of the facade can do. Benches take the adapters from the facade too,
/// and from `lore-core` what no facade exports: the rules and ports that they measure alone.
const BEHIND_THE_FACADE: &[&str] = &[CORE, "lore_store::", "lore_ipfs::", "lore_story::", "lore_ai::"];

const CORE: &str = "lore_core::";

/// Every broken rule.
pub(crate) fn breaches(root: &Path) -> Outcome<Vec<String>> {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let mut breaches = Vec::new();
    let mut seen = 0_usize;
    for file in &files {
        let bytes = fs::read(file).doing(format_args!("cannot read {}", file.display()))?;
        // Images and other binary files have no lines.
        let Ok(text) = String::from_utf8(bytes) else { continue };
        seen += 1;
        let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        breaches.extend(file_breaches(&name, &text));
    }
    println!("{seen} text files: length, machine paths, registry hosts, layers: checked");
    Ok(breaches)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    let reading = || format!("cannot read folder {}", dir.display());
    for entry in fs::read_dir(dir).doing(reading())? {
        let entry = entry.doing(reading())?;
        let kind = entry.file_type().doing(reading())?;
        if kind.is_dir() {
            if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
                collect(&entry.path(), files)?;
            }
        } else if kind.is_file() && entry.file_name() != ".git" {
            // In a linked worktree `.git` is a file.
            files.push(entry.path());
        }
    }
    Ok(())
}

fn file_breaches(name: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    let is_rust = name.ends_with(".rs");
    let lines = text.lines().count();
    // Tests read recorded cases from files; by habit they are the last thing in a file.
    let is_test = TEST_FILES.iter().any(|test| name.ends_with(test));
    let mut in_domain = name.starts_with("lore-core/src/domain/") && !is_test;
    if is_rust && lines > MOST_LINES {
        breaches.push(format!("{name}: {lines} lines, and {MOST_LINES} are the most; split it by subject"));
    }
    for (number, line) in (1..).zip(text.lines()) {
        let mut breach = |what: String| breaches.push(format!("{name}:{number}: {what}"));
        if let Some(path) = MACHINE_PATHS.iter().find(|path| names_path(line, path)) {
            breach(format!("`{path}` is a path of one machine"));
        }
        if let Some(host) = REGISTRY_HOSTS.iter().find(|host| line.contains(**host)) {
            breach(format!("`{host}` is a registry's host; the machine's settings choose it"));
        }
        in_domain &= line.trim() != "#[cfg(test)]";
        if is_rust && !line.trim_start().starts_with("//") {
            if in_domain && let Some(word) = NOT_IN_DOMAIN.iter().find(|word| line.contains(**word)) {
                breach(format!("`{}` in the domain, which is pure", word.trim()));
            }
            let is_bench = name.starts_with("benches/");
            if (name.starts_with("examples/") || is_bench)
                && let Some(word) = BEHIND_THE_FACADE.iter().find(|word| line.contains(**word))
                && !(is_bench && *word == CORE)
            {
                breach(format!("`{word}` goes around the facade"));
            }
        }
    }
    breaches
}

/// Whether `path` stands in `line` as the start of a path, and not inside an address or a longer path.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| !(before.is_alphanumeric() || "._-/}*".contains(before)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_path_is_found_and_an_address_is_not() {
        let path = concat!("/ho", "me/");
        assert!(names_path(&format!("data in {path}me/lore"), path));
        assert!(names_path(&format!("{path}me"), path));
        assert!(!names_path(&format!("https://example.org{path}page"), path));
        assert!(!names_path(&format!("docs{path}page"), path));
    }

    #[test]
    fn a_long_file_a_host_and_a_breach_of_layers_are_named_with_their_line() {
        let long = "x\n".repeat(MOST_LINES + 1);
        assert_eq!(file_breaches("a/b.rs", &long).len(), 1);
        assert!(file_breaches("a/b.md", &long).is_empty());
        let host = concat!("fine\nhttps://registry.", "npmjs", ".org/x");
        assert!(
            file_breaches("package-lock.json", host).iter().all(|b| b.starts_with("package-lock.json:2:"))
        );
        assert_eq!(file_breaches("lore-core/src/domain/a.rs", "async fn x() {}").len(), 1);
        assert!(file_breaches("lore-core/src/domain/a.rs", "// async words").is_empty());
        assert!(
            file_breaches("lore-core/src/domain/a.rs", "#[cfg(test)]\nmod tests { use std::fs; }").is_empty()
        );
        assert_eq!(file_breaches("examples/a.rs", "use lore_core::Cid;").len(), 1);
        assert_eq!(file_breaches("benches/a.rs", "use lore_store::sqlite;").len(), 1);
        assert!(file_breaches("benches/a.rs", "use lore_core::port;").is_empty());
    }
}
