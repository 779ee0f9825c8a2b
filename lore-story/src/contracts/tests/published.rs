//! Selectors, topics and struct layouts are the published ones.

use std::collections::BTreeSet;

use alloy::{
    json_abi::{Event, EventParam, Function, JsonAbi, Param},
    sol_types::SolStruct,
};

use crate::contracts::tests::{
    fixture,
    interfaces::{Interface, all},
};

fn published(interface: &Interface) -> JsonAbi {
    serde_json::from_str(&fixture(&format!("abis/{}.json", interface.published))).unwrap()
}

/// Without the names of types in the sources, which are not on the wire.
fn bare(param: &Param) -> Param {
    Param {
        ty: param.ty.clone(),
        name: param.name.clone(),
        components: param.components.iter().map(bare).collect(),
        internal_type: None,
    }
}

fn bare_function(function: &Function) -> Function {
    Function {
        name: function.name.clone(),
        inputs: function.inputs.iter().map(bare).collect(),
        outputs: function.outputs.iter().map(bare).collect(),
        state_mutability: function.state_mutability,
    }
}

fn bare_event(event: &Event) -> Event {
    let input = |param: &EventParam| EventParam {
        ty: param.ty.clone(),
        name: param.name.clone(),
        indexed: param.indexed,
        components: param.components.iter().map(bare).collect(),
        internal_type: None,
    };
    Event {
        name: event.name.clone(),
        inputs: event.inputs.iter().map(input).collect(),
        anonymous: event.anonymous,
    }
}

#[test]
fn every_declared_function_is_a_published_one() {
    for interface in all() {
        let published = published(&interface);
        let known: Vec<Function> = published.functions().map(bare_function).collect();
        let mut selectors = BTreeSet::new();
        for function in (interface.abi)().functions() {
            assert!(known.contains(function), "{}: {}", interface.name, function.full_signature());
            selectors.insert(function.selector().0);
        }
        // What calls are made with is what was compared.
        assert_eq!(selectors, interface.selectors.iter().copied().collect(), "{}", interface.name);
    }
}

#[test]
fn every_declared_event_is_a_published_one() {
    for interface in all() {
        let published = published(&interface);
        let known: Vec<Event> = published.events().map(bare_event).collect();
        let mut topics = BTreeSet::new();
        for event in (interface.abi)().events() {
            assert!(known.contains(event), "{}: {}", interface.name, event.full_signature());
            topics.insert(event.selector().0);
        }
        assert_eq!(topics, interface.topics.iter().copied().collect(), "{}", interface.name);
    }
}

/// Words of the sources that follow `keyword`, up to a bracket.
fn declared(keyword: &str) -> Vec<String> {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src/contracts");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(path).unwrap();
            let lines = source.lines().filter_map(|line| line.trim_start().strip_prefix(keyword));
            found.extend(lines.map(|rest| rest.split([' ', '(', '{']).next().unwrap().to_owned()));
        }
    }
    found
}

#[test]
fn nothing_that_is_declared_escapes_these_tests() {
    let interfaces = all();
    let names: BTreeSet<_> = interfaces.iter().map(|interface| interface.name.to_owned()).collect();
    assert_eq!(names, declared("interface ").into_iter().collect());
    let of = |count: fn(&JsonAbi) -> usize| -> usize {
        interfaces.iter().map(|interface| count(&(interface.abi)())).sum()
    };
    assert_eq!(of(|abi| abi.functions().count()), declared("function ").len());
    assert_eq!(of(|abi| abi.events().count()), declared("event ").len());
    // Nothing but interfaces and structs is declared.
    assert!(declared("error ").is_empty() && declared("enum ").is_empty() && declared("type ").is_empty());
}

/// The fields of every tuple among the parameters of functions.
fn tuples(interfaces: &[Interface]) -> BTreeSet<Vec<String>> {
    fn collect(params: &[Param], into: &mut BTreeSet<Vec<String>>) {
        for param in params.iter().filter(|param| !param.components.is_empty()) {
            into.insert(param.components.iter().map(|field| field.name.clone()).collect());
            collect(&param.components, into);
        }
    }
    let mut found = BTreeSet::new();
    for abi in interfaces.iter().map(|interface| (interface.abi)()) {
        for function in abi.functions() {
            collect(&function.inputs, &mut found);
            collect(&function.outputs, &mut found);
        }
    }
    found
}

/// Name and fields of structs.
macro_rules! structs {
    ($($module:ident::{$($name:ident),+};)+) => {
        [$($((stringify!($name), fields(&<crate::contracts::$module::$name as SolStruct>::eip712_root_type())),)+)+]
    };
}

/// The fields of `Name(type field,type field)`.
fn fields(root_type: &str) -> Vec<String> {
    let (_, fields) = root_type.trim_end_matches(')').split_once('(').unwrap();
    fields.split(',').map(|field| field.split_once(' ').unwrap().1.to_owned()).collect()
}

/// A struct is compared as a parameter of a function; one that no function takes would not be.
#[test]
fn every_declared_struct_is_a_parameter_of_a_published_function() {
    let structs = structs! {
        account::{Call, Permission};
        dispute::{Assertion, EscalationManagerSettings};
        licensing::{
            IPMetadata, InitParams, LicenseData, LicenseTermsData, LicenseTokenMetadata, LicensingConfig,
            MakeDerivative, PILTerms, RoyaltyShare, SignatureData
        };
        registry::{CoreMetadata};
        token::{Call3, Call3Value, Result};
    };
    let names: BTreeSet<_> = structs.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, declared("struct ").into_iter().collect());
    let tuples = tuples(&all());
    for (name, fields) in structs {
        assert!(tuples.contains(&fields), "{name}: {fields:?}");
    }
}
