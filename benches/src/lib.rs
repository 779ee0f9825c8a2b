//! Nothing to link against: the benches of this package are beside its manifest.
