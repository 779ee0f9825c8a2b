//! The older API: upload of exact bytes, list, unpin by CID.
//!
//! Its JSON upload is not used: the service writes the JSON anew, so its bytes, CID and hash are not the caller's.

use lore_core::{Cid, Error, ErrorKind, MediaType, Result, port::pins::PinRequest};
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::json;

use super::{
    account::{Account, Stored, with_scopes},
    files::{file_name, media_type_text},
};
use crate::http::content_body;

#[derive(Deserialize)]
struct PinList {
    rows: Vec<PinRow>,
}

#[derive(Deserialize)]
struct PinRow {
    ipfs_pin_hash: String,
}

#[derive(Deserialize)]
struct NewPin {
    #[serde(rename = "IpfsHash")]
    ipfs_hash: String,
    #[serde(rename = "isDuplicate")]
    is_duplicate: Option<bool>,
}

impl Account {
    /// Whether the account pins this CID.
    ///
    /// # Errors
    /// What the service answers.
    pub(super) async fn legacy_is_pinned(&self, cid: &Cid) -> Result<bool> {
        let url = self.api(&["data", "pinList"]);
        let query =
            [("cid", cid.to_string()), ("status", "pinned".to_owned()), ("pageLimit", "10".to_owned())];
        let request = self.authorized(self.http.client().get(url.clone()).query(&query), &url);
        let list: PinList = self.legacy_listing(request).await?;
        Ok(list.rows.iter().any(|row| row.ipfs_pin_hash.parse::<Cid>().ok() == Some(*cid)))
    }

    /// Uploads in one request.
    ///
    /// # Errors
    /// What the service answers, and what reading the content returns.
    pub(super) async fn legacy_upload(
        &self,
        request: &PinRequest<'_>,
        media_type: Option<&MediaType>,
    ) -> Result<Stored> {
        let size_bytes = request.content.size_bytes();
        let (body, fault) = content_body(request.content, 0, size_bytes).await?;
        let name = file_name(request);
        let file = Part::stream_with_length(body, size_bytes)
            .file_name(name.to_owned())
            .mime_str(media_type_text(media_type))
            .map_err(|err| Error::new(ErrorKind::Unexpected, "a media type was refused").with_source(err))?;
        let mut options = json!({ "cidVersion": self.config.profile.cid_version() });
        if let (Some(group), Some(fields)) = (&self.config.group_id, options.as_object_mut()) {
            fields.insert("groupId".to_owned(), json!(group));
        }
        let form = Form::new()
            .text("pinataOptions", options.to_string())
            .text("pinataMetadata", json!({ "name": name }).to_string())
            .part("file", file);
        let url = self.api(&["pinning", "pinFileToIPFS"]);
        let post = self.authorized(self.http.client().post(url.clone()).multipart(form), &url);
        let answer = self.upload(post, size_bytes, &fault).await?;
        let made: NewPin = self.http.json(answer).map_err(with_scopes)?;
        let is_new = made.is_duplicate != Some(true);
        Ok(Stored { removable: is_new.then(|| made.ipfs_hash.clone()), cid: made.ipfs_hash })
    }

    /// Unpins by CID, as the service wrote it; the account must have pinned it.
    ///
    /// # Errors
    /// What the service answers.
    pub(super) async fn legacy_unpin(&self, cid: &str) -> Result<()> {
        let url = self.api(&["pinning", "unpin", cid]);
        let answer = self.send(self.authorized(self.http.client().delete(url.clone()), &url)).await?;
        if answer.status.is_success() { Ok(()) } else { Err(self.refusal(&answer)) }
    }
}
