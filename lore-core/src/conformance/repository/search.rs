//! Text search: any script, any case, any length, no special characters.

use super::{
    fixtures::{address, asset_id, asset_with, at, insert, next, titled, update},
    harness::Harness,
    lists::{ORDERS, SORTS, all_ids},
};
use crate::{
    domain::{
        asset::{Asset, AssetText},
        page::{ArchiveFilter, AssetQuery, SortOrder},
    },
    error::Result,
    port::repository::{ChangeSet, Repository},
};

/// Numbers of the assets whose text matches, in order.
async fn search(repository: &dyn Repository, text: &str) -> Result<Vec<u32>> {
    let query = AssetQuery {
        text: Some(text.to_owned()),
        order: SortOrder::Ascending,
        limit: 7,
        ..AssetQuery::default()
    };
    let found = all_ids(repository, &query).await?;
    Ok((0..=200).filter(|number| found.contains(&asset_id(*number))).collect())
}

/// Stores these titles as assets 1, 2, 3...
async fn store(repository: &dyn Repository, titles: &[&str]) -> Result<()> {
    let assets =
        (1..).zip(titles).map(|(number, title)| titled(number, title)).collect::<Result<Vec<_>>>()?;
    insert(repository, &assets).await
}

/// Each search with the numbers it must find.
async fn expect(repository: &dyn Repository, searches: &[(&str, &[u32])]) -> Result<()> {
    for (text, expected) in searches {
        assert_eq!(search(repository, text).await?, *expected, "searching `{text}`");
    }
    Ok(())
}

pub async fn text_is_found_in_any_script(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let titles = [
        "Starry Night over the River",
        "星空下的故事",
        "夜の物語とカタカナ",
        "별이 빛나는 밤",
        "Звёздная ночь",
        "ليلة النجوم",
        "คืนดาว",
        "Night of 星空",
        "Rocket 🚀 and 👩‍🎤 singer",
        "Cafe\u{301} by night",
        "Café by day",
    ];
    store(&*repository, &titles).await?;
    expect(
        &*repository,
        &[
            ("starry", &[1]),
            ("tarr", &[1]),
            ("night", &[1, 8, 10]),
            ("星", &[2, 8]),
            ("星空", &[2, 8]),
            ("空下", &[2]),
            ("星空下", &[2]),
            ("空下的故", &[2]),
            ("星空下的故事", &[2]),
            ("故事", &[2]),
            ("事", &[2]),
            ("空星", &[]),
            ("の", &[3]),
            ("物語と", &[3]),
            ("カナ", &[3]),
            ("빛나", &[4]),
            ("밤", &[4]),
            ("ночь", &[5]),
            ("вёзд", &[5]),
            ("النجوم", &[6]),
            ("ดาว", &[7]),
            ("🚀", &[9]),
            ("👩‍🎤", &[9]),
            ("👩", &[9]),
            ("cafe\u{301}", &[10]),
            ("cafe", &[10]),
            ("café", &[11]),
            ("caf", &[10, 11]),
            ("\u{301}", &[10]),
            ("龍", &[]),
            ("", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
            (" \t\u{3000}", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        ],
    )
    .await
}

pub async fn upper_and_lower_case_are_equal(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let titles = ["Starry NIGHT", "ЗВЁЗДЫ", "ÄÖÜ Éclair", "ΟΔΟΣΑ Ναυσικά", "İstanbul", "straße", "ÞORN Ǆ"];
    store(&*repository, &titles).await?;
    expect(
        &*repository,
        &[
            ("STARRY", &[1]),
            ("sTaRrY nIgHt", &[1]),
            ("T", &[1, 5, 6]),
            ("звёзды", &[2]),
            ("Звё", &[2]),
            ("äöü", &[3]),
            ("ÉCLAIR", &[3]),
            ("ä", &[3]),
            ("οδοσ", &[4]),
            ("ΟΔΟΣ", &[4]),
            ("ΝΑΥΣ", &[4]),
            ("İSTANBUL", &[5]),
            ("STRAßE", &[6]),
            ("þorn", &[7]),
            ("ǆ", &[7]),
        ],
    )
    .await
}

pub async fn short_words_are_found_anywhere(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let titles = ["abc", "xab", "bxa", "a", "ab", "故", "故事", "X故事", "事x故", "aba b"];
    store(&*repository, &titles).await?;
    let mut tagged = asset_with(11, AssetText::new("zzz", "yy 末"))?;
    tagged.text.tags = vec!["q".to_owned(), "rs".to_owned(), "尾".to_owned()];
    insert(&*repository, &[tagged]).await?;
    expect(
        &*repository,
        &[
            ("a", &[1, 2, 3, 4, 5, 10]),
            ("ab", &[1, 2, 5, 10]),
            ("bc", &[1]),
            ("c", &[1]),
            ("xa", &[2, 3]),
            ("故", &[6, 7, 8, 9]),
            ("故事", &[7, 8]),
            ("x故", &[8, 9]),
            ("事", &[7, 8, 9]),
            ("事故", &[]),
            ("yy", &[11]),
            ("末", &[11]),
            ("q", &[11]),
            ("rs", &[11]),
            ("sr", &[]),
            ("尾", &[11]),
            // Fields do not run together.
            ("zy", &[]),
            ("zyy", &[]),
            ("末q", &[]),
            ("qr", &[]),
        ],
    )
    .await
}

pub async fn all_words_must_be_found_in_any_field(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let mut full = asset_with(1, AssetText::new("Starry Night", "Painted over the 故事 river"))?;
    full.text.tags = vec!["Oil on canvas".to_owned(), "梵高".to_owned()];
    insert(&*repository, &[full, asset_with(2, AssetText::new("Night", "River"))?]).await?;
    expect(
        &*repository,
        &[
            ("night river", &[1, 2]),
            ("river   NIGHT", &[1, 2]),
            ("starry painted canvas", &[1]),
            ("梵 故事 oil n", &[1]),
            ("高\u{3000}故", &[1]),
            ("starry missing", &[]),
            ("night x", &[]),
            ("night night night", &[1, 2]),
            ("oil on canvas 梵高", &[1]),
        ],
    )
    .await?;
    // Most words that a search may have.
    let many = "n ".repeat(100);
    assert_eq!(search(&*repository, &many).await?, [1, 2]);
    let long = "x".repeat(200);
    assert!(search(&*repository, &long).await?.is_empty());
    let too_long = AssetQuery { text: Some("x".repeat(201)), ..AssetQuery::default() };
    assert!(repository.list_assets(&too_long).await.is_err());
    Ok(())
}

pub async fn special_characters_are_plain_text(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let titles = [
        "100% cotton",
        "100 percent",
        "snake_case_name",
        "snakeXcaseXname",
        "say \"hello\" now",
        "say hello now",
        "it's * starred *",
        "AND OR NOT NEAR",
        "title:colon -minus ^caret (paren) {brace} + plus",
        "back\\slash / semi; -- comment",
        "%_%",
        "\"\"\"",
    ];
    store(&*repository, &titles).await?;
    expect(
        &*repository,
        &[
            ("100%", &[1]),
            ("%", &[1, 11]),
            ("0% c", &[1]),
            ("_case_", &[3]),
            ("_", &[3, 11]),
            ("e_c", &[3]),
            ("\"hello\"", &[5]),
            ("\"", &[5, 12]),
            ("\"\"\"", &[12]),
            ("\"\"", &[12]),
            ("hello", &[5, 6]),
            ("it's", &[7]),
            ("'", &[7]),
            ("*", &[7]),
            ("star*", &[]),
            ("AND", &[8]),
            ("and or", &[8]),
            ("NOT", &[8]),
            ("NEAR", &[8]),
            ("near(", &[]),
            ("title:colon", &[9]),
            ("title:", &[9]),
            ("-minus", &[9]),
            ("^caret", &[9]),
            ("(paren)", &[9]),
            ("{brace}", &[9]),
            ("+", &[9]),
            ("\\", &[10]),
            ("k\\s", &[10]),
            (";", &[10]),
            ("--", &[10]),
            ("%_%", &[11]),
            ("'; DROP TABLE assets; --", &[]),
            ("zq\0zr", &[]),
        ],
    )
    .await
}

pub async fn changed_text_is_found_and_old_text_is_not(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let first = titled(1, "old words 旧的")?;
    insert(&*repository, &[first.clone(), titled(2, "old words too")?]).await?;
    let changed = next(&titled(1, "new words 新的")?);
    update(&*repository, std::slice::from_ref(&changed)).await?;
    expect(&*repository, &[("old", &[2]), ("旧", &[]), ("new", &[1]), ("新的", &[1]), ("words", &[1, 2])])
        .await?;
    let mut described = next(&changed);
    described.text.description = "described".to_owned();
    described.text.tags = vec!["tagged".to_owned()];
    update(&*repository, &[described]).await?;
    expect(&*repository, &[("described", &[1]), ("tagged", &[1]), ("new", &[1])]).await?;
    let removed = ChangeSet { delete_assets: vec![(first.id, 3)], ..ChangeSet::default() };
    repository.commit(removed).await?;
    expect(&*repository, &[("words", &[2]), ("新", &[]), ("tagged", &[])]).await
}

pub async fn a_search_goes_with_filters_and_pages(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let mut assets = Vec::new();
    for number in 1..=60 {
        let word = if number % 3 == 0 { "故事 story" } else { "其他 other" };
        assets.push(Asset {
            owner: address(number % 2),
            archived_at: (number % 5 == 0).then(|| at(1)),
            created_at: at(u64::from(number / 4)),
            ..titled(number, &format!("{word} {}", 60 - number))?
        });
    }
    insert(&*repository, &assets).await?;
    for text in ["故事", "故", "story", "o", "s 事"] {
        for archived in [ArchiveFilter::Active, ArchiveFilter::Archived, ArchiveFilter::Any] {
            for sort in SORTS {
                for order in ORDERS {
                    let query = AssetQuery {
                        text: Some(text.to_owned()),
                        owner: Some(address(1)),
                        archived,
                        sort,
                        order,
                        limit: 3,
                        ..AssetQuery::default()
                    };
                    let all = all_ids(&*repository, &AssetQuery { text: None, ..query.clone() }).await?;
                    let matches =
                        |asset: &&Asset| text.split(' ').all(|word| asset.text.title.contains(word));
                    let matching: Vec<_> = assets.iter().filter(matches).map(|asset| asset.id).collect();
                    let expected: Vec<_> = all.into_iter().filter(|id| matching.contains(id)).collect();
                    assert_eq!(all_ids(&*repository, &query).await?, expected, "{query:?}");
                }
            }
        }
    }
    Ok(())
}
