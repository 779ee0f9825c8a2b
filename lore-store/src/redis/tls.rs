//! TLS with ring and the platform's certificates.

use std::{io, sync::Arc};

use lore_core::{Error, ErrorKind, Result, Retry};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::failure::Failure;

/// # Errors
/// [`ErrorKind::Config`] if the system's certificates cannot be used.
pub(super) fn config() -> Result<Arc<ClientConfig>> {
    // The provider is named here, so that nothing depends on a process-wide default.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|err| Error::new(ErrorKind::Config, "cannot set up TLS").with_source(err))?
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Why a connection could not be encrypted.
pub(super) fn refused(err: io::Error) -> Failure {
    let inner = err.get_ref().and_then(|inner| inner.downcast_ref());
    if let Some(rustls::Error::InvalidCertificate(_)) = inner {
        return Failure::new(ErrorKind::Config, Retry::Never, "the server's certificate is not trusted");
    }
    err.into()
}
