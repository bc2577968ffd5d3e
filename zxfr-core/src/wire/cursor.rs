//! The input of the nom parsers: a message and where in it they are, because a compressed name needs what lies before it.

use crate::error::{WireError, WireFault};
use core::iter::{Copied, Enumerate};
use core::slice;
use nom::error::{ErrorKind, ParseError};
use nom::{Input, Needed};

/// A message up to where parsing may go, and the offset that it has reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'m> {
    pub(crate) message: &'m [u8],
    pub(crate) at: usize,
}

impl<'m> Cursor<'m> {
    pub(crate) const fn new(message: &'m [u8], at: usize) -> Self {
        Self { message, at }
    }

    /// What is left to parse.
    #[inline]
    pub(crate) fn rest(self) -> &'m [u8] {
        self.message.get(self.at..).unwrap_or_default()
    }

    /// The same place with nothing visible after `length` more octets.
    #[inline]
    pub(crate) fn bounded(self, length: usize) -> Option<Self> {
        let message = self.message.get(..self.at.checked_add(length)?)?;
        Some(Self { message, at: self.at })
    }

    pub(crate) const fn fails<T>(self, fault: WireFault) -> Parsed<'m, T> {
        Err(nom::Err::Failure(Fail(WireError { fault, offset: self.at })))
    }
}

impl<'m> Input for Cursor<'m> {
    type Item = u8;
    type Iter = Copied<slice::Iter<'m, u8>>;
    type IterIndices = Enumerate<Self::Iter>;

    #[inline]
    fn input_len(&self) -> usize {
        self.message.len().saturating_sub(self.at)
    }

    #[inline]
    fn take(&self, index: usize) -> Self {
        self.bounded(index).unwrap_or(*self)
    }

    #[inline]
    fn take_from(&self, index: usize) -> Self {
        Self { message: self.message, at: self.at.saturating_add(index) }
    }

    #[inline]
    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    #[inline]
    fn position<P: Fn(u8) -> bool>(&self, predicate: P) -> Option<usize> {
        self.rest().iter().position(|octet| predicate(*octet))
    }

    #[inline]
    fn iter_elements(&self) -> Self::Iter {
        self.rest().iter().copied()
    }

    #[inline]
    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    #[inline]
    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        match count.checked_sub(self.input_len()) {
            None | Some(0) => Ok(count),
            Some(missing) => Err(Needed::new(missing)),
        }
    }
}

/// [`WireError`] as nom's error type, so that nom stays out of the public interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fail(pub(crate) WireError);

impl<'m> ParseError<Cursor<'m>> for Fail {
    /// nom's own parsers fail here only when they run out of octets.
    fn from_error_kind(input: Cursor<'m>, _: ErrorKind) -> Self {
        Self(WireError { fault: WireFault::Cut, offset: input.at })
    }

    fn append(_: Cursor<'m>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// What a parser over a [`Cursor`] gives.
pub(crate) type Parsed<'m, T> = nom::IResult<Cursor<'m>, T, Fail>;

/// The error as the rest of the crate has it.
pub(crate) fn failed(error: nom::Err<Fail>, offset: usize) -> WireError {
    match error {
        nom::Err::Error(Fail(error)) | nom::Err::Failure(Fail(error)) => error,
        // Complete parsers never ask for more.
        nom::Err::Incomplete(_) => WireError { fault: WireFault::Cut, offset },
    }
}
