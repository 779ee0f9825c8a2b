//! [`AnswerShape`]: the schema of an operation's answers, made once.

use std::{
    any::TypeId,
    sync::{Arc, OnceLock},
};

use schemars::generate::SchemaSettings;

use crate::{
    ai::operation::{Operation, OperationKind},
    port::llm::AnswerSchema,
};

/// The shape that answers must have, and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerShape {
    /// The schema: closed objects, all fields required, without references, in the words that every provider knows.
    pub schema: AnswerSchema,
    /// BLAKE3 of the schema's name, a line feed and its JSON.
    pub hash: [u8; 32],
}

impl AnswerShape {
    fn of<O: Operation>() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            // Several providers take no `$ref`, and none needs to be told the draft.
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        });
        let json = settings.into_generator().into_root_schema_for::<O::Output>().as_value().to_string();
        let name = O::KIND.as_str();
        let hash = *blake3::hash(format!("{name}\n{json}").as_bytes()).as_bytes();
        Self { schema: AnswerSchema::new(name, json), hash }
    }
}

type Made = (TypeId, Arc<AnswerShape>);

/// The shape of an operation's answers: made at the first call, and the same one ever after.
#[must_use]
pub fn answer_shape<O: Operation>() -> Arc<AnswerShape> {
    static SHAPES: [OnceLock<Made>; OperationKind::ALL.len()] =
        [const { OnceLock::new() }; OperationKind::ALL.len()];
    let made = || (TypeId::of::<O>(), Arc::new(AnswerShape::of::<O>()));
    let slot =
        OperationKind::ALL.iter().position(|kind| *kind == O::KIND).and_then(|index| SHAPES.get(index));
    match slot.map(|slot| slot.get_or_init(made)) {
        Some((operation, shape)) if *operation == TypeId::of::<O>() => shape.clone(),
        // Another operation of the same kind, which only tests have.
        _ => made().1,
    }
}
