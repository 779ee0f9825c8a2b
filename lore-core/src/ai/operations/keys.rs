//! Which requests are the same: tested for all operations at once.

use crate::{
    ai::{
        key::{AnswerKey, KeyHasher},
        operation::Operation,
        operations::{
            AnalysisRequest, DerivativeRequest, DescriptionRequest, LicenseRequest, Subject, TitleRequest,
            ValidationRequest, Work,
        },
    },
    domain::asset::{AssetText, AssetType, Creator, Relationship},
    onchain::Address,
};

fn key<O: Operation>(operation: &O) -> AnswerKey {
    let mut hasher = KeyHasher::new();
    operation.key(&mut hasher);
    hasher.finish()
}

fn work() -> Work {
    Work::new(AssetType::Music).title("Caf\u{e9}").content("a\nb").tags(["x", "y"]).language("en")
}

/// Equal to [`work`], written in another way.
fn same_work() -> Work {
    let work = Work::new(AssetType::Music).title(" Cafe\u{301} ").description("\t");
    work.content("a\r\nb\n").tags(["y ", "x", "", "x"]).language("EN")
}

fn other_works() -> Vec<Work> {
    vec![
        Work { asset_type: AssetType::Video, ..work() },
        work().title("cafe"),
        work().description("d"),
        work().content("a b"),
        work().tags(["x"]),
        work().language("de"),
    ]
}

/// Equal requests have one key and one prompt, and every other request has another key.
fn assert_same<O: Operation>(one: &O, same: &O, others: &[O]) {
    assert_eq!(key(one), key(same), "{one:?}");
    assert_eq!(one.prompt(), same.prompt(), "{one:?}");
    let mut keys = vec![key(one)];
    for other in others {
        assert!(!keys.contains(&key(other)), "{other:?}");
        keys.push(key(other));
    }
}

#[test]
fn equal_requests_have_one_key_and_one_prompt_and_others_have_others() {
    let titles = || TitleRequest::new(work()).wishes("short");
    let mut others: Vec<_> = other_works().into_iter().map(TitleRequest::new).collect();
    others.extend([titles().wishes("long"), TitleRequest::new(work())]);
    assert_same(&titles(), &TitleRequest::new(same_work()).wishes(" short\n"), &others);

    let mut others: Vec<_> = other_works().into_iter().map(DescriptionRequest::new).collect();
    others.push(DescriptionRequest::new(work()).wishes("long"));
    assert_same(&DescriptionRequest::new(work()), &DescriptionRequest::new(same_work()), &others);

    let others: Vec<_> = other_works().into_iter().map(AnalysisRequest::new).collect();
    assert_same(&AnalysisRequest::new(work()), &AnalysisRequest::new(same_work()), &others);

    let license = || LicenseRequest::new(work());
    let mut others: Vec<_> = other_works().into_iter().map(LicenseRequest::new).collect();
    others.extend([
        license().commercial_use(false),
        license().commercial_use(true),
        license().derivatives_allowed(true),
        license().wishes("fair"),
    ]);
    assert_same(&license(), &LicenseRequest::new(same_work()), &others);

    let plain = || Work::new(AssetType::Music).title("p");
    let mut others: Vec<_> =
        other_works().into_iter().map(|other| DerivativeRequest::new(plain(), other)).collect();
    others.extend(other_works().into_iter().map(|other| DerivativeRequest::new(other, work())));
    others.push(DerivativeRequest::new(work(), plain()));
    others.push(DerivativeRequest::new(plain(), work()).relationship(Relationship::Remix));
    assert_same(
        &DerivativeRequest::new(plain(), work()),
        &DerivativeRequest::new(plain(), same_work()),
        &others,
    );
}

#[test]
fn validations_differ_by_every_letter() {
    let metadata = |change: fn(&mut AssetText)| {
        let mut text = AssetText::new("t", "d");
        text.tags = vec!["x".into(), "y".into()];
        text.creators = vec![Creator::new("A", Address::ZERO, 100)];
        change(&mut text);
        ValidationRequest::new(Subject::Metadata(text))
    };
    let one = metadata(|_| ());
    let others = [
        ValidationRequest::new(Subject::Title("t".into())),
        ValidationRequest::new(Subject::Title("t ".into())),
        ValidationRequest::new(Subject::Description("t".into())),
        metadata(|text| text.title.push(' ')),
        metadata(|text| text.description.clear()),
        metadata(|text| text.tags.reverse()),
        metadata(|text| text.creators.clear()),
        metadata(|text| text.creators[0].name.push('B')),
        metadata(|text| text.creators[0].contribution_percent = 99),
        metadata(|text| text.creators[0].address = Address::from_bytes([1; 20])),
    ];
    assert_same(&one, &one.clone(), &others);
}
