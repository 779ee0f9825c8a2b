//! Answers as models really give them, and what becomes of each.

use lore_core::{
    ai::{
        Operation,
        answer::read,
        audit::Rung,
        operations::{
            AnalysisRequest, DerivativeRequest, DescriptionRequest, LicenseRequest, Subject, TitleRequest,
            ValidationRequest, Work,
        },
    },
    domain::asset::AssetType,
};

fn work() -> Work {
    Work::new(AssetType::Photography).title("A harbor at night")
}

/// The rung, or the finding.
fn outcome<O: Operation>(operation: &O, answer: &str) -> String {
    match read(operation, answer) {
        Ok((_, Rung::Strict)) => "strict".into(),
        Ok((_, Rung::Extracted)) => "extracted".into(),
        Ok((_, Rung::Repaired)) => "repaired".into(),
        Ok((_, rung)) => panic!("{rung:?} is no rung of reading"),
        Err(finding) => finding.to_string(),
    }
}

/// Runs a table; a finding must contain the words given.
fn run<O: Operation>(operation: &O, rows: &[(&str, &str)]) {
    for (answer, wanted) in rows {
        let outcome = outcome(operation, answer);
        let is_rung = ["strict", "extracted", "repaired"].contains(wanted);
        assert!(
            if is_rung { outcome == *wanted } else { outcome.contains(wanted) },
            "{answer}\n  gives {outcome}\n  not   {wanted}"
        );
    }
}

const TITLES: &str =
    r#"{"titles": ["Night Harbor", "Salt and Light", "The Last Ferry", "Low Tide Lanterns"]}"#;

#[test]
fn titles_are_read_however_they_are_wrapped() {
    let fenced = format!("```json\n{TITLES}\n```");
    let chatter = format!("Sure! Here are four titles:\n\n{TITLES}\n\nLet me know if you want {{more}}.");
    let masked =
        format!("First, how I count:\n```python\nlen(t.split())\n```\nThe answer:\n```json\n{TITLES}\n```");
    let thought = format!("<think>The user wants {{4}} titles.</think>\n{TITLES}");
    let twice = serde_json::to_string(TITLES).unwrap();
    let wrapped = format!("{{\"answer\": {TITLES}}}");
    let stray = format!("Use {{ and \" with care. {TITLES}");
    run(
        &TitleRequest::new(work()),
        &[
            (TITLES, "strict"),
            (&format!("\u{feff}\n  {TITLES}\n"), "strict"),
            (&fenced, "extracted"),
            (&format!("```\n{TITLES}\n```"), "extracted"),
            (&format!("```JSON {TITLES}```"), "extracted"),
            (&format!("Here you go:\n{fenced}\nEnjoy!"), "extracted"),
            (&format!("```json\n{TITLES}"), "extracted"),
            (&chatter, "extracted"),
            (&masked, "extracted"),
            (&thought, "extracted"),
            (&twice, "extracted"),
            (&stray, "extracted"),
            (&format!("{TITLES}\n{TITLES}"), "extracted"),
            (&wrapped, "repaired"),
        ],
    );
}

#[test]
fn titles_with_broken_syntax_are_mended() {
    run(
        &TitleRequest::new(work()),
        &[
            (r#"{"titles": ["Night Harbor", "Salt Light", "Last Ferry", "Low Tide",],}"#, "repaired"),
            (r#"{'titles': ['Night Harbor', 'Salt Light', 'Last Ferry', 'The Sea's Edge']}"#, "repaired"),
            (r#"{titles: ["Night Harbor", "Salt Light", "Last Ferry", "Low Tide"]}"#, "repaired"),
            ("{“titles”: [“Night Harbor”, “Salt Light”, “Last Ferry”, “Low Tide”]}", "repaired"),
            ("{\"titles\": [\"Night\nHarbor\", \"Salt Light\", \"Last Ferry\", \"Low Tide\"]}", "repaired"),
            (
                r#"{"titles": ["Night Harbor" "Salt Light" "Last Ferry" "Low Tide"]}"#,
                "exactly 4 titles, not 1",
            ),
            ("{\"titles\": [\"Night Harbor\"\n\"Salt Light\"\n\"Last Ferry\"\n\"Low Tide\"]}", "repaired"),
            (r#"{"titles": ["A "Quiet" Harbor", "Salt Light", "Last Ferry", "Low Tide"]}"#, "repaired"),
            (r#"{"titles": ["Night Harbor", "Salt Light", "Last Ferry", "Low Tide"]"#, "repaired"),
            (r#"{"titles": ["Night Harbor", "Salt Light", "Last Ferry", "Low Tide""#, "repaired"),
            (r#"{"titles": ["Night Harbor", "Salt Light", "Last Ferry", "Low Ti"#, "exactly 4 titles, not 3"),
            (
                "{\"titles\": [ // four\n\"Night Harbor\", \"Salt Light\", /* x */ \"Last Ferry\", \"Low Tide\"]}",
                "repaired",
            ),
            (
                "```json\n{\"titles\": [\"Night Harbor\", \"Salt Light\", \"Last Ferry\", \"Low Tide\",]}\n```",
                "repaired",
            ),
            (r#"{"titles": ["Night Harbor", "Salt Light", "Last Ferry", "Low Tide"}"#, "repaired"),
        ],
    );
}

#[test]
fn titles_that_break_a_rule_are_refused_in_words() {
    run(
        &TitleRequest::new(work()),
        &[
            (r#"{"titles": ["Night Harbor", "Salt Light", "Last Ferry"]}"#, "exactly 4 titles, not 3"),
            (r#"{"titles": ["A B", "C D", "E F", "G H", "I J"]}"#, "exactly 4 titles, not 5"),
            (r#"{"titles": []}"#, "exactly 4 titles, not 0"),
            (
                r#"{"titles": ["One two three four five six seven", "C D", "E F", "G H"]}"#,
                "`titles[0]`: expected 2 to 6 words, not 7",
            ),
            (r#"{"titles": ["Harbor", "C D", "E F", "G H"]}"#, "`titles[0]`: expected 2 to 6 words, not 1"),
            (r#"{"titles": ["A B", "a  b", "E F", "G H"]}"#, "`titles[1]`: expected a title that differs"),
            (r#"{"titles": ["", "C D", "E F", "G H"]}"#, "`titles[0]`: expected some text"),
            (r#"{"titles": ["See https://x.example", "C D", "E F", "G H"]}"#, "without links"),
            (r#"{"titles": "Night Harbor, Salt Light"}"#, "`titles`: invalid type: string"),
            (r#"{"titles": [{"title": "Night Harbor"}]}"#, "`titles[0]`: invalid type: map"),
            (r#"{"titles": ["A B", "C D", "E F", "G H"], "note": "x"}"#, "unknown field `note`"),
            (r#"{"titles": ["A B", "C D", "E F", "G H"], "titles": []}"#, "duplicate field `titles`"),
            (r#"["Night Harbor", "Salt Light", "Last Ferry", "Low Tide"]"#, "no complete JSON object"),
            (r#"{"Titles": ["A B", "C D", "E F", "G H"]}"#, "unknown field `Titles`"),
            ("{}", "missing field `titles`"),
            ("null", "no complete JSON object"),
            ("", "no complete JSON object"),
            ("1. Night Harbor\n2. Salt Light\n3. Last Ferry\n4. Low Tide", "no complete JSON object"),
            ("I cannot help with that.", "no complete JSON object"),
        ],
    );
}

#[test]
fn advice_on_a_licence_must_agree_with_itself() {
    let advice = |license: &str, uses: &str, royalty: &str| {
        format!(
            r#"{{"license_type": {license}, {uses}, "royalty_percentage": {royalty}, "reasoning": "It fits."}}"#
        )
    };
    let all = r#""commercial_use": true, "derivatives_allowed": true"#;
    let none = r#""commercial_use": false, "derivatives_allowed": false"#;
    run(
        &LicenseRequest::new(work()),
        &[
            (&advice("\"commercial_remix\"", all, "\"12.5\""), "strict"),
            (&advice("\"commercial_remix\"", all, "12.5"), "strict"),
            (&advice("\"Commercial Remix\"", all, "\"15%\""), "strict"),
            (&advice("commercial_remix", all, "15%"), "repaired"),
            (&advice("\"commercial_remix\"", &all.replace("true", "True"), "10"), "repaired"),
            (&advice("\"commercial_remix\"", all, "140"), "`royalty_percentage`: invalid value"),
            (&advice("\"commercial_remix\"", all, "-1"), "a percentage from 0 to 100"),
            (&advice("\"commercial_remix\"", all, "\"ten\""), "a percentage from 0 to 100"),
            (&advice("\"commercial_remix\"", all, "null"), "`royalty_percentage`: invalid type: null"),
            (&advice("\"public_domain\"", all, "0"), "expected one of non_commercial_social_remixing"),
            (&advice("\"commercial_remix\"", none, "10"), "`commercial_use`: expected true, since"),
            (&advice("\"non_commercial_no_derivatives\"", none, "10"), "which has no royalty"),
            (&advice("\"non_commercial_no_derivatives\"", none, "0"), "strict"),
            (&advice("\"commercial_remix\"", &all.replace("true", "\"yes\""), "10"), "invalid type: string"),
            (
                &advice("\"commercial_remix\"", all, "10").replace("It fits.", ""),
                "`reasoning`: expected some text",
            ),
            (r#"{"license_type": "commercial_remix", "commercial_use": true"#, "missing field"),
        ],
    );
    run(
        &LicenseRequest::new(work()).derivatives_allowed(false),
        &[(
            &advice("\"commercial_remix\"", all, "10"),
            "with `derivatives_allowed` false, as the creator wants",
        )],
    );
}

#[test]
fn descriptions_are_counted_and_never_cut() {
    let words = |count: usize| format!(r#"{{"description": "{}"}}"#, "sea ".repeat(count));
    let cut = words(120).replace("\"}", "");
    run(
        &DescriptionRequest::new(work()),
        &[
            (&words(120), "strict"),
            (&words(99), "100 to 150 words, not 99"),
            (&words(151), "100 to 150 words, not 151"),
            (&words(120).replace('}', ""), "repaired"),
            (&cut, "missing field `description`"),
            (&words(120).replace("sea \"", "see [this](x)\""), "without links"),
            (&"sea ".repeat(120), "no complete JSON object"),
            (&words(120).replace("description", "text"), "unknown field `text`"),
            (&words(120).replacen("sea ", "\u{201c}sea\u{201d} ", 1), "strict"),
            (&words(120).replacen("sea ", "the \"sea\" is ", 1), "repaired"),
        ],
    );
}

#[test]
fn other_answers_keep_their_rules() {
    let analysis = |tags: &str| {
        format!(
            r#"{{"category": "Photo", "tags": [{tags}], "themes": ["Night"], "quality_notes": ["Sharp."]}}"#
        )
    };
    run(
        &AnalysisRequest::new(work()),
        &[
            (&analysis(r##""#Sea", "night", "Harbor Lights""##), "strict"),
            (&analysis(r#""sea", "Sea", "night""#), "`tags`: expected 3 to 10 different entries, not 2"),
            (&analysis(r#""1","2","3","4","5","6","7","8","9","10","11""#), "not 11"),
            (&analysis("1, 2, 3"), "`tags[0]`: invalid type: integer"),
            (&analysis(r#""a", "b", "c""#).replace("\"Night\"", ""), "`themes`: expected 1 to 5"),
        ],
    );
    let derivative = |similarity: &str, relationship: &str, parent: &str| {
        format!(
            r#"{{"similarity_percentage": {similarity}, "differences": ["Colour."], "suggested_relationship":
            "{relationship}", "suggested_shares": {{"parent_percentage": {parent}, "child_percentage": "70"}}}}"#
        )
    };
    run(
        &DerivativeRequest::new(work(), work()),
        &[
            (&derivative("60", "remix", "30"), "strict"),
            (&derivative("60", "Remix", "\"29.999999\""), "strict"),
            (&derivative("60", "remix", "31"), "sum to at most 100 %, not 31 % and 70 %"),
            (&derivative("101", "remix", "30"), "`similarity_percentage`: invalid value"),
            (&derivative("60", "copy", "30"), "expected one of remix, adaptation"),
            (&derivative("60", "remix", "1e9"), "`suggested_shares.parent_percentage`: invalid value"),
            (&derivative("60", "remix", "30").replace("70\"}}", "70\""), "repaired"),
        ],
    );
    run(
        &ValidationRequest::new(Subject::Title("A harbor at night".into())),
        &[
            (r#"{"valid": true, "findings": []}"#, "strict"),
            (r#"{"valid": false, "findings": []}"#, "strict"),
            (
                r#"{"valid": true, "findings": [{"field": "title", "severity": "advice", "message": "Fine."}]}"#,
                "strict",
            ),
            (
                r#"{"valid": true, "findings": [{"field": "title", "severity": "fatal", "message": "x"}]}"#,
                "unknown variant `fatal`",
            ),
            (
                r#"{"valid": true, "findings": [{"field": "owner", "severity": "advice", "message": "x"}]}"#,
                "one of title",
            ),
            (r#"{"valid": true}"#, "missing field `findings`"),
        ],
    );
}
