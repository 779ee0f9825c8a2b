//! The list of models with their prices.

use lore_core::{
    Timestamp, Usd,
    port::llm::{ModelInfo, Price},
    time::Day,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{or_nothing, parsed, usd};

#[derive(Deserialize)]
struct List {
    data: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(default, deserialize_with = "or_nothing")]
    pricing: Option<Pricing>,
    #[serde(default, deserialize_with = "parsed")]
    context_length: Option<u64>,
    /// LiteLLM's name for it.
    #[serde(default, deserialize_with = "parsed")]
    max_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "or_nothing")]
    supported_parameters: Option<Vec<String>>,
    #[serde(default, deserialize_with = "or_nothing")]
    expiration_date: Option<String>,
}

#[derive(Deserialize)]
struct Pricing {
    #[serde(default, deserialize_with = "usd")]
    prompt: Option<Usd>,
    #[serde(default, deserialize_with = "usd")]
    completion: Option<Usd>,
    #[serde(default, deserialize_with = "usd")]
    request: Option<Usd>,
}

impl Pricing {
    /// Nothing unless both tokens have a price: routers have `-1`, for "it depends on who answers".
    fn price(&self) -> Option<Price> {
        let mut price = Price::new(self.prompt?, self.completion?);
        price.request = self.request.unwrap_or(Usd::ZERO);
        Some(price)
    }
}

impl Entry {
    fn into_info(self) -> ModelInfo {
        let mut info = ModelInfo::new(self.id);
        info.price = self.pricing.and_then(|pricing| pricing.price());
        info.context_tokens = self.context_length.or(self.max_input_tokens).filter(|tokens| *tokens > 0);
        info.keeps_schemas = self
            .supported_parameters
            .map(|parameters| parameters.iter().any(|parameter| parameter == "structured_outputs"));
        info.ends = self.expiration_date.and_then(|text| instant(text.trim()));
        info
    }
}

/// An instant, or the first one of a day.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| text.parse().ok().map(Day::start))
}

/// Every model of the list, once; entries without a name are left out. `None` if this is no list.
pub(crate) fn read_models(body: &[u8]) -> Option<Vec<ModelInfo>> {
    // Some endpoints answer with the bare array.
    let entries = serde_json::from_slice::<List>(body)
        .map(|list| list.data)
        .or_else(|_| serde_json::from_slice::<Vec<Box<RawValue>>>(body))
        .ok()?;
    let entries = entries.iter().filter_map(|entry| serde_json::from_str::<Entry>(entry.get()).ok());
    let mut models: Vec<ModelInfo> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    models.extend(entries.filter(|entry| seen.insert(entry.id.clone())).map(Entry::into_info));
    Some(models)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_openrouter_is_read_exactly() {
        let body = br#"{"data":[
            {"id":"a/b","context_length":131072,"expiration_date":"2026-12-31",
             "pricing":{"prompt":"0.0000000375","completion":"0.00000015","request":"0.001","image":"0","discount":0},
             "supported_parameters":["max_tokens","structured_outputs"]},
            {"id":"a/b","context_length":1},
            {"id":"router/auto","pricing":{"prompt":"-1","completion":"-1"},"supported_parameters":["seed"]},
            {"name":"nameless"}]}"#;
        let models = read_models(body).unwrap();
        assert_eq!(models.iter().map(|info| info.model.as_str()).collect::<Vec<_>>(), ["a/b", "router/auto"]);
        let price = models[0].price.unwrap();
        assert_eq!(price.prompt, Usd::from_picos(37_500));
        assert_eq!(
            (price.completion.to_string(), price.request.to_string()),
            ("0.00000015".into(), "0.001".into())
        );
        assert_eq!((models[0].context_tokens, models[0].keeps_schemas), (Some(131_072), Some(true)));
        assert_eq!(models[0].ends.unwrap().to_string(), "2026-12-31T00:00:00Z");
        assert_eq!((models[1].price, models[1].keeps_schemas, models[1].ends), (None, Some(false), None));
    }

    #[test]
    fn plain_lists_are_read_and_other_things_are_none() {
        let plain = read_models(br#"{"object":"list","data":[{"id":"m","max_input_tokens":9,"pricing":7}]}"#)
            .unwrap();
        assert_eq!((plain[0].context_tokens, plain[0].price, plain[0].keeps_schemas), (Some(9), None, None));
        assert_eq!(read_models(br#"[{"id":"m"}]"#).unwrap().len(), 1);
        for body in [&b"<html>"[..], b"{}", br#"{"data":7}"#, b""] {
            assert!(read_models(body).is_none());
        }
    }
}
