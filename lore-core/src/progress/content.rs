//! [`ObservedContent`]: content that tells how much of it was read.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Progress, event::ProgressEvent};
use crate::{
    content::{Content, ContentReader},
    creation::Step,
    error::Result,
    ids::CreationId,
};

/// Parts of the whole after which a position is told; a terminal has no room to show more.
const PARTS: u64 = 256;
/// Fewest bytes between two positions.
const LEAST_BYTES: u64 = 64 * 1024;

/// What the content is read for.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    Hashing,
    Uploading { creation: CreationId, step: Step },
}

impl Purpose {
    const fn event(self, done_bytes: u64, total_bytes: u64) -> ProgressEvent {
        match self {
            Self::Hashing => ProgressEvent::Hashing { done_bytes, total_bytes },
            Self::Uploading { creation, step } => {
                ProgressEvent::Uploading { creation, step, done_bytes, total_bytes }
            }
        }
    }
}

/// Tells a [`Progress`] how far readers of some content are: when one is opened, at its end, and in between every 1/256 of
/// the content or 64 KiB, whichever is more.
#[derive(Clone, Debug)]
pub struct ObservedContent {
    inner: Arc<dyn Content>,
    progress: Progress,
    purpose: Purpose,
}

impl ObservedContent {
    /// Content that is read to be hashed: tells [`ProgressEvent::Hashing`].
    #[must_use]
    pub fn hashing(inner: Arc<dyn Content>, progress: Progress) -> Self {
        Self { inner, progress, purpose: Purpose::Hashing }
    }

    /// Content that is read to be sent: tells [`ProgressEvent::Uploading`].
    #[must_use]
    pub fn uploading(inner: Arc<dyn Content>, progress: Progress, creation: CreationId, step: Step) -> Self {
        Self { inner, progress, purpose: Purpose::Uploading { creation, step } }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Content for ObservedContent {
    fn size_bytes(&self) -> u64 {
        self.inner.size_bytes()
    }

    async fn open(&self, offset: u64) -> Result<Box<dyn ContentReader>> {
        let inner = self.inner.open(offset).await?;
        let total_bytes = self.size_bytes();
        let done_bytes = offset.min(total_bytes);
        let progress = self.progress.clone();
        progress.emit(self.purpose.event(done_bytes, total_bytes));
        let step_bytes = (total_bytes / PARTS).max(LEAST_BYTES);
        let purpose = self.purpose;
        Ok(Box::new(ObservedReader {
            inner,
            progress,
            purpose,
            done_bytes,
            total_bytes,
            step_bytes,
            told_bytes: done_bytes,
        }))
    }
}

struct ObservedReader {
    inner: Box<dyn ContentReader>,
    progress: Progress,
    purpose: Purpose,
    done_bytes: u64,
    total_bytes: u64,
    step_bytes: u64,
    /// The position that was told last.
    told_bytes: u64,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl ContentReader for ObservedReader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.inner.read(buffer).await?;
        self.done_bytes = self.done_bytes.saturating_add(count as u64);
        let is_end = self.done_bytes == self.total_bytes && self.told_bytes != self.total_bytes;
        if is_end || self.done_bytes - self.told_bytes >= self.step_bytes {
            self.told_bytes = self.done_bytes;
            self.progress.emit(self.purpose.event(self.done_bytes, self.total_bytes));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::content::{BytesContent, read_all};

    const KIB: usize = 1024;

    async fn positions(size: usize, offset: u64, buffer: usize) -> Vec<u64> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let progress = Progress::to_fn({
            let seen = seen.clone();
            move |event: &ProgressEvent| {
                if let ProgressEvent::Hashing { done_bytes, total_bytes } = event {
                    assert_eq!(*total_bytes, size as u64);
                    seen.lock().unwrap().push(*done_bytes);
                }
            }
        });
        let content = ObservedContent::hashing(Arc::new(BytesContent::new(vec![3; size])), progress);
        let mut reader = content.open(offset).await.unwrap();
        let mut buffer = vec![0; buffer];
        while reader.read(&mut buffer).await.unwrap() > 0 {}
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    #[tokio::test]
    async fn positions_are_told_at_the_start_at_the_end_and_now_and_then() {
        let kib = |n: u64| n * 1024;
        assert_eq!(positions(160 * KIB, 0, 32 * KIB).await, [0, kib(64), kib(128), kib(160)]);
        assert_eq!(positions(160 * KIB, kib(100), 32 * KIB).await, [kib(100), kib(160)]);
        assert_eq!(positions(10, 0, 3).await, [0, 10]);
        assert_eq!(positions(0, 0, 3).await, [0]);
    }

    #[tokio::test]
    async fn large_content_is_told_in_at_most_256_parts() {
        assert_eq!(positions(64 * KIB * KIB, 0, 64 * KIB).await.len(), 257);
    }

    #[tokio::test]
    async fn the_bytes_are_those_of_the_content() {
        let content = ObservedContent::hashing(Arc::new(BytesContent::new(*b"the bytes")), Progress::none());
        let mut reader = content.open(4).await.unwrap();
        assert_eq!(read_all(&mut *reader, 100).await.unwrap(), b"bytes");
    }
}
