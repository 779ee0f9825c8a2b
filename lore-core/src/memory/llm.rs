//! A scripted language model.
