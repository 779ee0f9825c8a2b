//! What the other tests stand on: the node, the contracts on it, and the proxy before it do what they say.

#![cfg(test)]

mod contracts;
mod node;
mod proxy;
