//! Services: one per subject, over the ports. Every method takes its caller, checks it, and leaves the records right at
//! each await.

mod assets;
mod creations;
mod derivatives;
mod request;

pub use self::{
    assets::{AssetEdit, AssetService, Deleted},
    creations::{Abandoned, CreationService, CreationView, StepView},
    derivatives::{DerivativeService, FamilyView},
    request::CreateAsset,
};
