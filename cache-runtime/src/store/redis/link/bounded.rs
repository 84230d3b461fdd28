//! A bound for what one text of an answer may have, seen where the answer announces its length:
//! before its bytes are fetched, and before there is room made for them. The client library takes
//! whatever is announced.
//!
//! A connection with more to come than anybody wants is ended, since there is no other way to be
//! spared the rest. Whose answer it was is found out as with a server that ends connections.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The bound of all connections to one server.
#[derive(Debug)]
pub(super) struct Bound {
    most: AtomicUsize,
    /// How many connections were ended because of it.
    ended: AtomicUsize,
}

/// A stream of answers, of which none has a text above the bound.
pub(super) struct Bounded<S> {
    stream: S,
    bound: Arc<Bound>,
    at: At,
}

/// Where in the protocol the last byte was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before a line.
    Start,
    /// In a line that says all by itself.
    Line,
    /// In one that says how long the text behind it is; so far.
    Length(usize),
    /// Before so many bytes of a text and its end.
    Text(usize),
    /// At a length above the bound.
    TooLong,
}

impl Bound {
    /// Texts of any length, until it is told otherwise.
    pub(super) fn none() -> Self {
        Self { most: AtomicUsize::new(usize::MAX), ended: AtomicUsize::new(0) }
    }

    pub(super) fn get(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    pub(super) fn raise(&self, most: usize) {
        self.most.fetch_max(most, Ordering::Relaxed);
    }

    pub(super) fn ended(&self) -> usize {
        self.ended.load(Ordering::Relaxed)
    }
}

impl<S> Bounded<S> {
    pub(super) fn new(stream: S, bound: Arc<Bound>) -> Self {
        Self { stream, bound, at: At::Start }
    }
}

impl At {
    /// Goes on by `bytes`; answers how many of them are before a text that is too long. All that
    /// is composed of others, such as an array, is a line before theirs.
    #[inline(never)] // most reads find nothing, and are not to make room for it
    fn follow(&mut self, bytes: &[u8], most: usize) -> usize {
        let (mut at, mut rest) = (*self, bytes);
        while let [byte, behind @ ..] = rest {
            (at, rest) = match at {
                Self::TooLong => break,
                Self::Text(left) => match rest.split_at_checked(left) {
                    Some((_, behind)) => (Self::Start, behind),
                    None => (Self::Text(left - rest.len()), &[][..]),
                },
                Self::Start if matches!(byte, b'$' | b'=' | b'!') => Self::length(0, behind, most),
                Self::Length(length) => Self::length(length, rest, most),
                Self::Start | Self::Line => match rest.iter().position(|byte| *byte == b'\n') {
                    Some(end) => (Self::Start, rest.get(end + 1..).unwrap_or_default()),
                    None => (Self::Line, &[][..]),
                },
            };
        }
        *self = at;
        bytes.len() - rest.len()
    }

    /// Goes on in a line that says how long the text behind it is, `length` so far.
    #[inline]
    fn length(mut length: usize, mut line: &[u8], most: usize) -> (Self, &[u8]) {
        while let [byte, behind @ ..] = line {
            line = behind;
            match byte {
                b'0'..=b'9' => {
                    let digit = usize::from(byte - b'0');
                    let longer = length.checked_mul(10).and_then(|tens| tens.checked_add(digit));
                    match longer {
                        Some(longer) if longer <= most => length = longer,
                        _ => return (Self::TooLong, line),
                    }
                }
                b'\r' => {}
                b'\n' => return (Self::Text(length.saturating_add(2)), line),
                // A length below zero: there is no text.
                _ => return (Self::Line, line),
            }
        }
        (Self::Length(length), line)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    #[inline] // several times for each answer
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.at == At::TooLong {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        // What was before it is for others, and is let through.
        let through = this.at.follow(bytes, this.bound.get());
        buffer.set_filled(before + through);
        if this.at == At::TooLong {
            this.bound.ended.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        all: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, all)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 100;

    /// What gets through of `answers`, whatever the pieces that they come in.
    fn through(answers: &[u8]) -> usize {
        let passed = |piece: usize| {
            let mut at = At::Start;
            let all: usize = answers.chunks(piece).map(|bytes| at.follow(bytes, MOST)).sum();
            (all, at == At::TooLong)
        };
        let whole = passed(answers.len());
        for piece in 1..answers.len() {
            assert_eq!(passed(piece), whole, "in pieces of {piece}");
        }
        whole.0
    }

    #[test]
    fn what_is_short_enough_gets_through() {
        let text = [b"$100\r\n", &[b'$'; 100][..], b"\r\n"].concat();
        let answers: &[&[u8]] = &[
            b"+OK\r\n-ERR $999\r\n:999\r\n$-1\r\n$0\r\n\r\n",
            b"*3\r\n$4\r\n$999\r\n:1\r\n*-1\r\n",
            b"%1\r\n+a\r\n=7\r\ntxt:abc\r\n_\r\n,9.5\r\n(999999\r\n!3\r\nERR\r\n#t\r\n>1\r\n+x\r\n",
            &text,
        ];
        let answers = [answers.concat(), answers.concat()].concat();
        assert_eq!(through(&answers), answers.len());
    }

    #[test]
    fn nothing_of_what_is_too_long_does() {
        for long in ["$101\r\nx", "$500000000\r\n", "=101\r\n", "!99999999999999999999999\r\n"] {
            let answers = [b"+OK\r\n*2\r\n$1\r\n$\r\n", long.as_bytes(), &[b'x'; 500]].concat();
            let before = through(&answers);
            assert!((17..17 + 6).contains(&before), "{before} bytes of {long}");
        }
    }
}
