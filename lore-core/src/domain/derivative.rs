//! Attribution, relationships and families of assets.
