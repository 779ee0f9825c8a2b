//! Bodies of answers: whole ones, and those that are sent piece by piece and may break off.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame};
use tokio::sync::mpsc::{self, Receiver};

use crate::reply::End;

/// So much time passes before a connection breaks, for what was sent before to arrive.
const BEFORE_CUT: Duration = Duration::from_millis(10);

pub(crate) type AnswerBody = Either<Full<Bytes>, Pieces>;

/// Pieces as they come.
#[derive(Debug)]
pub(crate) struct Pieces(Receiver<io::Result<Bytes>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map_ok(Frame::data)
    }
}

pub(crate) fn whole(body: Bytes) -> AnswerBody {
    Either::Left(Full::new(body))
}

/// Sends each piece after `gap`, then ends as told.
pub(crate) fn pieces(pieces: Vec<Bytes>, gap: Duration, end: End) -> AnswerBody {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for piece in pieces {
            if !gap.is_zero() {
                tokio::time::sleep(gap).await;
            }
            if sender.send(Ok(piece)).await.is_err() {
                // Nobody reads any more.
                return;
            }
        }
        match end {
            End::Properly => {}
            End::Cut => {
                tokio::time::sleep(BEFORE_CUT).await;
                drop(sender.send(Err(io::ErrorKind::ConnectionReset.into())).await);
            }
            End::Never => sender.closed().await,
        }
    });
    Either::Right(Pieces(receiver))
}
