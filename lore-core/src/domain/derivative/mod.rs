//! Attribution between works: who a child's parents are, with which shares, and the families that come of it.
//!
//! A family is a graph without cycles. All walks over it are loops, visit each work once, and give the same order for the
//! same links, in whatever order those come.

mod attribution;
mod family;
#[cfg(test)]
mod test_links;
mod tree;

pub use self::{
    attribution::check_parents,
    family::{Family, Relative},
    tree::{FamilyTree, TreeDisplay, TreeRow},
};
