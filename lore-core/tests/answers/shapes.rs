//! What models are told: schemas and prompts. A change here is seen, and asks for a new prompt version.

use lore_core::ai::{Operation, answer::answer_shape};
use serde_json::Value;

use crate::requests::{ForEach, for_each};

/// Words that every provider of structured outputs knows.
const KNOWN: [&str; 8] =
    ["type", "title", "description", "properties", "required", "additionalProperties", "items", "enum"];

fn check(schema: &Value) {
    let schema = schema.as_object().unwrap();
    for word in schema.keys() {
        assert!(KNOWN.contains(&word.as_str()), "{word}");
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        assert_eq!(schema["additionalProperties"], false);
        let mut required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
        let mut names: Vec<_> = properties.keys().map(String::as_str).collect();
        required.sort_by_key(|name| name.to_string());
        names.sort_unstable();
        assert_eq!(required, names);
        properties.values().for_each(check);
    }
    if let Some(items) = schema.get("items") {
        check(items);
    }
}

struct Shown(String);

impl ForEach for Shown {
    fn run<O: Operation>(&mut self, operation: &O) {
        let shape = answer_shape::<O>();
        let schema: Value = serde_json::from_str(&shape.schema.json).unwrap();
        check(&schema);
        assert_eq!(shape.schema.name, O::KIND.as_str());
        self.0.push_str(&format!("# {} {}\n", O::KIND, O::PROMPT_VERSION));
        self.0.push_str(&serde_json::to_string_pretty(&schema).unwrap());
        for message in operation.prompt() {
            self.0.push_str(&format!("\n## {:?}\n{}\n", message.role, message.text));
        }
    }
}

#[test]
fn schemas_are_closed_and_plain_and_prompts_change_only_on_purpose() {
    let mut shown = Shown(String::new());
    for_each("A harbor at night", &mut shown);
    insta::assert_snapshot!(shown.0);
}

#[test]
fn a_shape_is_made_once_and_no_two_operations_share_a_hash() {
    #[derive(Default)]
    struct Hashes(Vec<(&'static str, [u8; 32])>);
    impl ForEach for Hashes {
        fn run<O: Operation>(&mut self, _: &O) {
            let shape = answer_shape::<O>();
            assert!(std::sync::Arc::ptr_eq(&shape, &answer_shape::<O>()));
            let this = (O::KIND.as_str(), shape.hash);
            if !self.0.contains(&this) {
                assert!(self.0.iter().all(|(_, hash)| *hash != this.1));
                self.0.push(this);
            }
        }
    }
    let mut hashes = Hashes::default();
    for_each("x", &mut hashes);
    assert_eq!(hashes.0.len(), 6);
}
