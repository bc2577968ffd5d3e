//! Sending a zone version: its pages as they are, with the asker's ID, question and signature around them.

use super::{Asked, Frame, Totals};
use crate::name::NameRef;
use crate::serial::Serial;
use crate::time::UnixTime;
use crate::tsig::{Mac, Signer};
use crate::wire::writer::{Full, Out};
use crate::wire::{Edns, Header, MAX_MESSAGE, edns};
use crate::zone::{PagePosition, Version};
use alloc::sync::Arc;
use core::fmt;

/// The version has a record that fits into a message, but not together with the signature that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsignable {
    /// The octets of the largest message, unsigned.
    pub message: usize,
    /// The octets that OPT and TSIG would add.
    pub tail: usize,
}

impl fmt::Display for Unsignable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, tail } = self;
        write!(f, "a message of {message} octets has no room for {tail} octets of OPT and TSIG")
    }
}

impl core::error::Error for Unsignable {}

/// An AXFR going out (RFC 5936 §2.2): a cursor over the pages of a version that the stream holds on to, whatever becomes of
/// the zone meanwhile. Dropping it ends the transfer.
#[derive(Debug)]
pub struct Outbound<M: Mac> {
    version: Arc<Version>,
    asked: Asked,
    signer: Option<Signer<M>>,
    state: State,
    totals: Totals,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Pages(PagePosition),
    ClosingSoa,
    Done,
}

impl<M: Mac> Outbound<M> {
    /// The answer to an AXFR request that `asked` describes, signed by `signer` if there is one.
    ///
    /// # Errors
    /// When a record is too large to be sent with the signature; nothing has been sent then.
    pub fn axfr(version: Arc<Version>, asked: Asked, signer: Option<Signer<M>>) -> Result<Self, Unsignable> {
        let opt = if asked.edns { edns::OPT_LEN } else { 0 };
        let tail = opt.saturating_add(signer.as_ref().map_or(0, Signer::tail_len));
        let message = version.largest_page();
        if message.saturating_add(tail) > MAX_MESSAGE {
            return Err(Unsignable { message, tail });
        }
        let state = State::Pages(PagePosition::default());
        Ok(Self { version, asked, signer, state, totals: Totals::default() })
    }

    /// The zone that is sent.
    #[must_use]
    pub fn apex(&self) -> NameRef<'_> {
        self.version.apex()
    }

    /// The serial of the version that is sent.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.version.serial()
    }

    /// The name of the key that signs, if one does.
    #[must_use]
    pub fn key_name(&self) -> Option<NameRef<'_>> {
        self.signer.as_ref().map(Signer::key_name)
    }

    /// What was given out so far.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// Whether all has been given out.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The next message, signed at `now`; `None` after the last.
    ///
    /// # Errors
    /// When the message doesn't fit together, which [`Outbound::axfr`] rules out. Nothing more comes then.
    pub fn poll_transmit(&mut self, now: UnixTime) -> Result<Option<Frame>, Full> {
        let state = core::mem::replace(&mut self.state, State::Done);
        let (mut frame, mut answers) = match state {
            State::Done => return Ok(None),
            State::ClosingSoa => (Frame::begin(&[], bytes::Bytes::new())?, 0),
            State::Pages(position) => {
                let Some((page, next)) = self.version.page(position) else {
                    return Ok(None);
                };
                self.state = match self.version.page(next) {
                    Some(_) => State::Pages(next),
                    None => State::ClosingSoa,
                };
                let question =
                    if self.totals.messages == 0 { self.asked.question_octets()? } else { Default::default() };
                (Frame::begin(&question, page.answer())?, page.records())
            }
        };
        if matches!(self.state, State::ClosingSoa | State::Done) && self.push_closing_soa(&mut frame)? {
            answers = answers.checked_add(1).ok_or(Full)?;
            self.state = State::Done;
        }
        self.close(&mut frame, answers, now)?;
        let Totals { messages, records, octets } = self.totals;
        self.totals = Totals {
            messages: messages.saturating_add(1),
            records: records.saturating_add(u64::from(answers)),
            octets: octets.saturating_add(frame.len() as u64),
        };
        Ok(Some(frame))
    }

    /// The SOA once more (RFC 5936 §2.2), behind the last page when it fits there with what else follows.
    fn push_closing_soa(&self, frame: &mut Frame) -> Result<bool, Full> {
        let soa = self.version.soa();
        let rest = edns::OPT_LEN.saturating_add(self.signer.as_ref().map_or(0, Signer::tail_len));
        if frame.len().saturating_add(soa.wire_len()).saturating_add(rest) > MAX_MESSAGE {
            return Ok(false);
        }
        let mut octets = [0; 1024];
        let mut out = Out { octets: &mut octets, len: 0 };
        out.put_uncompressed(&soa)?;
        let len = out.len;
        frame.push(octets.get(..len).ok_or(Full)?)?;
        Ok(true)
    }

    /// OPT in the first message, header, TSIG, length.
    fn close(&mut self, frame: &mut Frame, answers: u16, now: UnixTime) -> Result<(), Full> {
        let first = self.totals.messages == 0;
        let opt = self.asked.edns && first;
        if opt {
            let mut octets = [0; edns::OPT_LEN];
            Edns::OURS.write(&mut octets).ok_or(Full)?;
            frame.push(&octets)?;
        }
        let header = Header {
            id: self.asked.id,
            flags: self.asked.answer_flags(),
            questions: first.into(),
            answers,
            authorities: 0,
            additionals: opt.into(),
        };
        frame.set_header(header);
        if let Some(signer) = &mut self.signer {
            let mut tsig = [0; 512];
            let len = signer.sign(&frame.parts(), now, &mut tsig)?;
            frame.push(tsig.get(..len).ok_or(Full)?)?;
            frame.set_header(Header { additionals: header.additionals.saturating_add(1), ..header });
        }
        frame.set_length();
        Ok(())
    }
}
