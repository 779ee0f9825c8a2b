//! Content that behaves as a case needs it: honest, lying about its size, failing or stalling in the middle.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use futures_channel::oneshot;
use sha2::{Digest, Sha256};

use crate::{
    content::{Content, ContentReader},
    error::{Error, ErrorKind, Result},
};

/// Bytes that look random and are the same for the same seed.
pub(super) fn bytes_of(seed: &str, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 32);
    let seed = Sha256::digest(seed.as_bytes());
    for counter in 0_u64.. {
        if bytes.len() >= size {
            break;
        }
        let block = Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        bytes.extend_from_slice(&block);
    }
    bytes.truncate(size);
    bytes
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The reader fails with `PermissionDenied`, a kind that no store makes up by itself.
    Fails,
    /// The reader never answers again.
    Stalls,
}

#[derive(Clone, Copy, Debug)]
struct Planned {
    fault: Fault,
    /// The how-manieth reader has it, from 1.
    opening: usize,
    /// Bytes given before.
    after_bytes: usize,
}

/// Content whose readers pause before every piece, so that concurrent work interleaves.
pub(super) struct Scripted {
    bytes: Arc<[u8]>,
    size_bytes: u64,
    planned: Option<Planned>,
    openings: AtomicUsize,
    /// Whether the planned fault happened.
    met: Arc<AtomicBool>,
    stalled: Mutex<Option<oneshot::Sender<()>>>,
}

impl Scripted {
    pub(super) fn honest(bytes: &Arc<[u8]>) -> Self {
        Self {
            bytes: bytes.clone(),
            size_bytes: bytes.len() as u64,
            planned: None,
            openings: AtomicUsize::new(0),
            met: Arc::default(),
            stalled: Mutex::new(None),
        }
    }

    /// Claims this size, whatever the bytes are.
    pub(super) fn saying(mut self, size_bytes: u64) -> Self {
        self.size_bytes = size_bytes;
        self
    }

    pub(super) fn with_fault(mut self, fault: Fault, opening: usize, after_bytes: usize) -> Self {
        self.planned = Some(Planned { fault, opening, after_bytes });
        self
    }

    pub(super) fn openings(&self) -> usize {
        self.openings.load(Ordering::SeqCst)
    }

    /// Whether a reader got as far as the planned fault.
    pub(super) fn met(&self) -> bool {
        self.met.load(Ordering::SeqCst)
    }

    /// Resolves when the planned stall has begun, or cannot begin any more.
    pub(super) fn stalled(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        *self.stalled.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scripted({} bytes, {:?})", self.bytes.len(), self.planned)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Content for Scripted {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    async fn open(&self, offset: u64) -> Result<Box<dyn ContentReader>> {
        let opening = self.openings.fetch_add(1, Ordering::SeqCst) + 1;
        let planned = self.planned.filter(|planned| planned.opening == opening);
        let stalled = match planned {
            Some(_) => self.stalled.lock().unwrap_or_else(PoisonError::into_inner).take(),
            None => None,
        };
        let at = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let met = self.met.clone();
        Ok(Box::new(ScriptedReader { bytes: self.bytes.clone(), at, planned, met, stalled }))
    }
}

struct ScriptedReader {
    bytes: Arc<[u8]>,
    at: usize,
    planned: Option<Planned>,
    met: Arc<AtomicBool>,
    stalled: Option<oneshot::Sender<()>>,
}

/// Largest piece: no divisor of any chunk size, so that pieces never line up with blocks.
const PIECE_BYTES: usize = 200_003;

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl ContentReader for ScriptedReader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        pause().await;
        if let Some(planned) = self.planned.filter(|planned| self.at >= planned.after_bytes) {
            self.met.store(true, Ordering::SeqCst);
            match planned.fault {
                Fault::Fails => {
                    return Err(Error::new(ErrorKind::PermissionDenied, "the source was told to fail here"));
                }
                Fault::Stalls => {
                    if let Some(stalled) = self.stalled.take() {
                        // If nobody listens any more, the case is over.
                        stalled.send(()).unwrap_or_default();
                    }
                    std::future::pending::<()>().await;
                }
            }
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len()).min(PIECE_BYTES);
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}

/// Lets other futures run once.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if paused {
            return std::task::Poll::Ready(());
        }
        paused = true;
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
