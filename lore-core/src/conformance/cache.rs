//! Cases of the port's suite.
