//! Content looked at before it is sent, and when the answer is not what it should be.

use lore_core::{
    Cid, Error, ErrorKind, MediaType, Result,
    content::unixfs::{Importer, Profile, fingerprint},
    port::pins::PinRequest,
};

/// Reads the content of a request once and checks that it is what was expected, so that wrong bytes are never sent.
/// Returns what kind of file its first bytes show.
///
/// # Errors
/// [`ErrorKind::IntegrityMismatch`] for other bytes; what reading returns.
pub(crate) async fn verify_source(request: &PinRequest<'_>) -> Result<Option<MediaType>> {
    let mut reader = request.content.open(0).await?;
    let mut importer = Importer::new(request.expected.profile);
    let mut buffer = vec![0; request.expected.profile.chunk_bytes()];
    let (mut filled, mut seen_first, mut media_type) = (0, false, None);
    loop {
        let count = reader.read(buffer.get_mut(filled..).unwrap_or_default()).await?;
        filled += count;
        if count == 0 || filled == buffer.len() {
            let bytes = buffer.get(..filled).unwrap_or_default();
            if !seen_first {
                seen_first = true;
                media_type = MediaType::detect(bytes);
            }
            importer.update(bytes, &mut ())?;
            filled = 0;
        }
        if count == 0 {
            break;
        }
    }
    request.expected.verify(&importer.finish(&mut ())?)?;
    Ok(media_type)
}

/// The error for a store that answered with another CID than expected: says under which profile it would be right.
pub(crate) async fn other_cid(request: &PinRequest<'_>, returned: &str, store: &'static str) -> Error {
    let mut error = Error::new(ErrorKind::IntegrityMismatch, "the store answered with another CID")
        .with_context("store", store)
        .with_context("expected", request.expected.cid)
        .with_context("expected_profile", request.expected.profile.as_str())
        .with_context("returned", returned.chars().take(120).collect::<String>());
    let returned: Option<Cid> = returned.parse().ok();
    for profile in Profile::ALL {
        match fingerprint(profile, request.content).await {
            Ok(found) if Some(found.cid) == returned => {
                return error.with_context("matched_profile", profile.as_str());
            }
            Ok(_) => {}
            Err(err) => error = error.with_source(err),
        }
    }
    error.with_context("matched_profile", "none")
}
