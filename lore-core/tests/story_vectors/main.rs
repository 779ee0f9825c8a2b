//! The simulated chain against the real one: every case recorded on the contracts v1.3.2, run by name.
//!
//! Chain id and collection are those of the recording, so that even the addresses inside the errors are equal. A case
//! passes only if everything recorded about it comes out. Run a part with a substring of the case names:
//! `cargo test -p lore-core --test story_vectors -- group`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test without the harness: a broken vector file ends it with a message, and that is all it needs"
)]

mod ancestors;
mod cases;
mod limits;
mod permissions;
mod report;
mod royalty;
mod royalty_groups;
mod steps;
mod terms;
mod vault_split;
mod world;

use std::process::ExitCode;

use lore_core::{Address, TokenId, domain::ip_account::ip_id, onchain::Uint256};

use crate::report::{Report, Suite, check, vectors};

fn main() -> ExitCode {
    let mut report = Report::from_arguments();
    report.run("terms", terms::suite);
    report.run("linking", |suite| cases::suite("linking", suite));
    report.run("addresses", addresses);
    report.run("royalty", royalty::suite);
    report.run("vault-split", vault_split::suite);
    report.run("limits", limits::suite);
    report.run("permissions", permissions::suite);
    report.run("groups", |suite| cases::suite("groups", suite));
    report.run("disputes", |suite| cases::suite("disputes", suite));
    report.run("royalty-groups", royalty_groups::suite);
    report.close()
}

fn addresses(suite: &mut Suite<'_>) {
    for case in vectors("addresses").as_array().unwrap() {
        let text = |field: &str| case[field].as_str().unwrap();
        let (chain, collection, token) = (text("chain_id"), text("token_contract"), text("token_id"));
        suite.case(&format!("{chain}/{collection}/{token}"), || {
            let collection: Address = collection.parse().unwrap();
            let token: TokenId = token.parse().unwrap();
            let found = ip_id(chain.parse::<Uint256>().unwrap(), collection, token);
            check("ip id", found.to_string(), text("ip_id"))
        });
    }
}
