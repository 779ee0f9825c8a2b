//! Files of the v3 API: list, upload in one request, delete.

use lore_core::{Cid, Error, ErrorKind, MediaType, Result, port::pins::PinRequest};
use reqwest::{
    StatusCode,
    multipart::{Form, Part},
};
use serde::Deserialize;

use super::account::{Account, Stored, with_scopes};
use crate::http::content_body;

/// Files asked for at once.
const PAGE: &str = "100";
/// More pages than the files of one CID can fill: the filter is not honoured.
const MAX_PAGES: usize = 100;

#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) data: T,
}

#[derive(Deserialize)]
struct FilePage {
    files: Option<Vec<File>>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct File {
    id: String,
    /// Missing while the service has not computed it yet.
    cid: Option<String>,
}

#[derive(Deserialize)]
struct NewFile {
    id: String,
    cid: String,
    is_duplicate: Option<bool>,
}

/// Media type of an upload whose bytes do not show one.
pub(super) fn media_type_text(media_type: Option<&MediaType>) -> &str {
    media_type.map_or("application/octet-stream", MediaType::as_str)
}

/// A file name that is never empty.
pub(super) fn file_name<'a>(request: &PinRequest<'a>) -> &'a str {
    if request.name.is_empty() { "content" } else { request.name }
}

impl Account {
    /// Ids of the public files with this CID, at most `enough` of them.
    ///
    /// # Errors
    /// What the service answers; [`ErrorKind::Unexpected`] if the listing does not end.
    pub(super) async fn file_ids(&self, cid: &Cid, enough: usize) -> Result<Vec<String>> {
        let url = self.api(&["v3", "files", "public"]);
        let mut ids = Vec::new();
        let mut page_token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut request =
                self.http.client().get(url.clone()).query(&[("cid", &*cid.to_string()), ("limit", PAGE)]);
            if let Some(token) = &page_token {
                request = request.query(&[("pageToken", token)]);
            }
            let page: Envelope<FilePage> = self.json(self.authorized(request, &url)).await?;
            for file in page.data.files.unwrap_or_default() {
                let same = file.cid.as_deref().and_then(|text| text.parse::<Cid>().ok()) == Some(*cid);
                if same && ids.len() < enough {
                    ids.push(file.id);
                }
            }
            page_token = page.data.next_page_token.filter(|token| !token.is_empty());
            if page_token.is_none() || ids.len() >= enough {
                return Ok(ids);
            }
        }
        Err(Error::new(ErrorKind::Unexpected, "the listing of one CID does not end").with_context("cid", cid))
    }

    /// Uploads in one request.
    ///
    /// # Errors
    /// What the service answers, and what reading the content returns.
    pub(super) async fn upload_file(
        &self,
        request: &PinRequest<'_>,
        media_type: Option<&MediaType>,
    ) -> Result<Stored> {
        let size_bytes = request.content.size_bytes();
        let (body, fault) = content_body(request.content, 0, size_bytes).await?;
        let name = file_name(request).to_owned();
        let file = Part::stream_with_length(body, size_bytes)
            .file_name(name.clone())
            .mime_str(media_type_text(media_type))
            .map_err(|err| Error::new(ErrorKind::Unexpected, "a media type was refused").with_source(err))?;
        // The service's own default is a private file, which no gateway serves.
        let mut form = Form::new()
            .text("network", "public")
            .text("name", name)
            .text("cid_version", self.config.profile.cid_version().to_string());
        if let Some(group) = &self.config.group_id {
            form = form.text("group_id", group.clone());
        }
        let url = self.uploads(&["v3", "files"]);
        let post = self.http.client().post(url.clone()).multipart(form.part("file", file));
        let answer = self.upload(self.authorized(post, &url), size_bytes, &fault).await?;
        let made: Envelope<NewFile> = self.http.json(answer).map_err(with_scopes)?;
        let is_new = made.data.is_duplicate != Some(true);
        Ok(Stored { cid: made.data.cid, removable: is_new.then_some(made.data.id) })
    }

    /// Deletes a file; fine if it is gone.
    ///
    /// # Errors
    /// What the service answers.
    pub(super) async fn delete_file(&self, id: &str) -> Result<()> {
        let url = self.api(&["v3", "files", "public", id]);
        let answer = self.send(self.authorized(self.http.client().delete(url.clone()), &url)).await?;
        if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND {
            Ok(())
        } else {
            Err(self.refusal(&answer))
        }
    }
}
