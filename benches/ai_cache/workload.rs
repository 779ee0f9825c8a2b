//! The workload: what people do to a cache of answers, made from a seed.
//!
//! | parameter | value | why |
//! |---|---|---|
//! | requests | 20,000 | a day of a small platform |
//! | works | 400 | above the 200 entries that some caches keep unless told otherwise |
//! | popularity | Zipf, exponent 1.0 | few works are asked about often, most rarely |
//! | users | 50, uniform | several people work on, and look at, the same public works |
//! | real edits | 1 % of requests | a word was changed: nobody can have the answer |
//! | trailing white space | 15 % | editors and forms leave it |
//! | line ends | 10 % as CRLF | browsers send it |
//! | Unicode form | 5 % as NFD | file names and input methods of some systems |
//! | order of tags | 10 % reversed | a set has no order |
//! | repeated clicks | 10 % of requests are sent again, once to three times | impatience |

use lore::AssetType;
use lore::ai::operations::{TitleRequest, Work};
use serde_json::{Value, json};

pub(crate) const REQUESTS: usize = 20_000;
const WORKS: usize = 400;
const USERS: u64 = 50;

/// xorshift64*: repeatable, and good enough to draw lots.
pub(crate) struct Lots(u64);

impl Lots {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in_hundred(&mut self, times: u64) -> bool {
        self.below(100) < times
    }
}

/// One request, before anything is done to its text.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) user: u64,
    pub(crate) content: String,
    pub(crate) tags: Vec<String>,
}

impl Asked {
    pub(crate) fn operation(&self) -> TitleRequest {
        let work = Work::new(AssetType::Writing).content(self.content.clone()).tags(self.tags.clone());
        TitleRequest::new(work)
    }

    /// The same as the body of a chat request, for caches that know nothing of works.
    pub(crate) fn messages(&self) -> Value {
        json!([
            { "role": "system", "content": "Suggest four titles of two to six words as JSON." },
            { "role": "user", "content": format!("{}\n\ntags: {}", self.content, self.tags.join(", ")) },
        ])
    }
}

const WORDS: [&str; 24] = [
    "harbour",
    "caf\u{e9}",
    "linen",
    "moss",
    "tide",
    "copper",
    "letters",
    "winter",
    "m\u{e9}moire",
    "glass",
    "orchard",
    "signal",
    "paper",
    "na\u{ef}ve",
    "river",
    "ember",
    "circuit",
    "salt",
    "jalape\u{f1}o",
    "window",
    "quiet",
    "engine",
    "thread",
    "meadow",
];

fn text_of(work: u64) -> String {
    let mut lots = Lots::new(work + 1_000_003);
    let mut text = format!("Work {work}:");
    for number in 0..30 {
        text.push(if number % 10 == 9 { '\n' } else { ' ' });
        let word = usize::try_from(lots.below(WORDS.len() as u64)).unwrap_or(0);
        text.push_str(WORDS[word]);
    }
    text
}

fn decomposed(text: &str) -> String {
    let forms = [("\u{e9}", "e\u{301}"), ("\u{ef}", "i\u{308}"), ("\u{f1}", "n\u{303}")];
    forms.iter().fold(text.to_owned(), |text, (composed, parts)| text.replace(composed, parts))
}

/// The requests of a seed, in order.
pub(crate) fn requests(seed: u64) -> Vec<Asked> {
    let mut lots = Lots::new(seed);
    // The cumulated weights 1, 1/2, 1/3 … as whole numbers.
    let mut weights = Vec::with_capacity(WORKS);
    let mut sum = 0_u64;
    for rank in 1..=WORKS as u64 {
        sum += 1_000_000_000 / rank;
        weights.push(sum);
    }
    let mut all = Vec::with_capacity(REQUESTS);
    let mut edits = 0_u64;
    while all.len() < REQUESTS {
        let drawn = lots.below(sum);
        let work = weights.partition_point(|weight| *weight <= drawn) as u64;
        let mut asked = Asked {
            user: lots.below(USERS),
            content: text_of(work),
            tags: vec!["sea".to_owned(), format!("series-{}", work % 7), "study".to_owned()],
        };
        if lots.one_in_hundred(1) {
            edits += 1;
            asked.content.push_str(&format!(" edit {seed} {edits}"));
        }
        if lots.one_in_hundred(5) {
            asked.content = decomposed(&asked.content);
        }
        if lots.one_in_hundred(10) {
            asked.content = asked.content.replace('\n', "\r\n");
        }
        if lots.one_in_hundred(15) {
            asked.content.push_str([" ", "\n", "  ", "\t"][usize::try_from(lots.below(4)).unwrap_or(0)]);
        }
        if lots.one_in_hundred(10) {
            asked.tags.reverse();
        }
        let clicks = if lots.one_in_hundred(10) { 2 + lots.below(3) } else { 1 };
        all.extend((0..clicks).map(|_| asked.clone()));
    }
    all.truncate(REQUESTS);
    all
}
