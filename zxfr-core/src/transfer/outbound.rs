//! Sending a zone version, or differences: their pages as they are, with the asker's ID, question and signature around them.

use super::{Asked, Frame, Kind, Totals};
use crate::journal::Differences;
use crate::name::NameRef;
use crate::serial::Serial;
use crate::time::UnixTime;
use crate::tsig::{Mac, Signer};
use crate::wire::edns::{EXPIRE_LEN, OPT_LEN};
use crate::wire::writer::{Full, Out};
use crate::wire::{Header, MAX_MESSAGE};
use crate::zone::{Page, PagePosition, Version};
use alloc::sync::Arc;
use core::fmt;

/// There is a record that fits into a message, but not together with the signature that was asked for.
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

/// A transfer going out: a cursor over the pages of a version (AXFR, RFC 5936 §2.2), or of rendered differences (IXFR,
/// RFC 1995 §4), which the stream holds on to, whatever becomes of the zone meanwhile. Dropping it ends the transfer.
#[derive(Debug)]
pub struct Outbound<M: Mac> {
    source: Source,
    asked: Asked,
    signer: Option<Signer<M>>,
    state: State,
    totals: Totals,
}

/// What is sent.
#[derive(Debug)]
enum Source {
    /// The pages of a version; its SOA closes the transfer.
    Zone(Arc<Version>),
    /// Differences, the closing SOA among them.
    Differences(Arc<Differences>),
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Before this page of the zone.
    Zone(PagePosition),
    /// Before this page of the differences, by number.
    Differences(usize),
    ClosingSoa,
    Done,
}

impl Source {
    fn largest_page(&self) -> usize {
        match self {
            Self::Zone(version) => version.largest_page(),
            Self::Differences(differences) => differences.largest_page(),
        }
    }

    /// The page that comes next, and the state after it.
    fn page(&self, state: State) -> Option<(&Page, State)> {
        match (self, state) {
            (Self::Zone(version), State::Zone(position)) => {
                let (page, next) = version.page(position)?;
                let last = version.page(next).is_none();
                Some((page, if last { State::ClosingSoa } else { State::Zone(next) }))
            }
            (Self::Differences(differences), State::Differences(number)) => {
                let page = differences.pages().get(number)?;
                let next = number.checked_add(1).filter(|next| *next < differences.pages().len());
                Some((page, next.map_or(State::Done, State::Differences)))
            }
            _ => None,
        }
    }
}

impl<M: Mac> Outbound<M> {
    /// The answer to a request that `asked` describes, the whole zone, signed by `signer` if there is one. The request is one
    /// for AXFR, or for IXFR (RFC 1995 §4).
    ///
    /// # Errors
    /// When a record is too large to be sent with the signature; nothing has been sent then.
    pub fn axfr(version: Arc<Version>, asked: Asked, signer: Option<Signer<M>>) -> Result<Self, Unsignable> {
        Self::new(Source::Zone(version), State::Zone(PagePosition::default()), asked, signer)
    }

    /// The answer to an IXFR request that `asked` describes, signed by `signer` if there is one.
    ///
    /// # Errors
    /// When a record is too large to be sent with the signature; nothing has been sent then.
    pub fn ixfr(differences: Arc<Differences>, asked: Asked, signer: Option<Signer<M>>) -> Result<Self, Unsignable> {
        Self::new(Source::Differences(differences), State::Differences(0), asked, signer)
    }

    fn new(source: Source, state: State, asked: Asked, signer: Option<Signer<M>>) -> Result<Self, Unsignable> {
        let outbound = Self { source, asked, signer, state, totals: Totals::default() };
        let (message, tail) = (outbound.source.largest_page(), outbound.tail_len());
        if message.saturating_add(tail) > MAX_MESSAGE {
            return Err(Unsignable { message, tail });
        }
        Ok(outbound)
    }

    /// The octets of OPT and TSIG.
    fn tail_len(&self) -> usize {
        self.asked.opt_len().saturating_add(self.signer.as_ref().map_or(0, Signer::tail_len))
    }

    /// The zone that is sent.
    #[must_use]
    pub fn apex(&self) -> NameRef<'_> {
        match &self.source {
            Source::Zone(version) => version.apex(),
            Source::Differences(differences) => differences.apex(),
        }
    }

    /// The serial of the version that is sent.
    #[must_use]
    pub fn serial(&self) -> Serial {
        match &self.source {
            Source::Zone(version) => version.serial(),
            Source::Differences(differences) => differences.to(),
        }
    }

    /// Whether that is the whole zone or differences.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.source {
            Source::Zone(_) => Kind::Axfr,
            Source::Differences(differences) => Kind::Ixfr { from: differences.from() },
        }
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

    /// The octets of the answer when nothing has been given out and it is one message.
    pub(crate) fn single_len(&self) -> Option<usize> {
        let (page, next) = self.source.page(self.state).filter(|_| self.totals.messages == 0)?;
        let closing = match (&self.source, next) {
            (_, State::Done) => 0,
            (Source::Zone(version), State::ClosingSoa) => version.soa().wire_len(),
            _ => return None,
        };
        let length = page.octets().len().saturating_add(closing).saturating_add(self.tail_len());
        (length <= MAX_MESSAGE).then_some(length)
    }

    /// The next message, signed at `now`; `None` after the last.
    ///
    /// # Errors
    /// When the message doesn't fit together, which the constructors rule out. Nothing more comes then.
    pub fn poll_transmit(&mut self, now: UnixTime) -> Result<Option<Frame>, Full> {
        let state = core::mem::replace(&mut self.state, State::Done);
        let (mut frame, mut answers) = match state {
            State::Done => return Ok(None),
            State::ClosingSoa => (Frame::begin(&[], bytes::Bytes::new(), self.tail_len()), 0),
            state => {
                let Some((page, next)) = self.source.page(state) else {
                    return Ok(None);
                };
                self.state = next;
                let question =
                    if self.totals.messages == 0 { self.asked.question_octets()? } else { Default::default() };
                (Frame::begin(&question, page.answer(), self.tail_len()), page.records())
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

    /// The zone's SOA once more (RFC 5936 §2.2), behind the last page when it fits there with what else follows.
    fn push_closing_soa(&self, frame: &mut Frame) -> Result<bool, Full> {
        let Source::Zone(version) = &self.source else {
            return Ok(false);
        };
        let soa = version.soa();
        if frame.len().saturating_add(soa.wire_len()).saturating_add(self.tail_len()) > MAX_MESSAGE {
            return Ok(false);
        }
        let mut octets = [0; 1024];
        let mut out = Out { octets: &mut octets, len: 0 };
        out.put_uncompressed(&soa)?;
        let len = out.len;
        frame.push(octets.get(..len).ok_or(Full)?);
        Ok(true)
    }

    /// OPT in the first message, header, TSIG, length.
    fn close(&mut self, frame: &mut Frame, answers: u16, now: UnixTime) -> Result<(), Full> {
        let first = self.totals.messages == 0;
        let opt = self.asked.opt().filter(|_| first);
        if let Some(opt) = opt {
            let mut octets = [0; OPT_LEN + EXPIRE_LEN];
            let length = opt.write(&mut octets).ok_or(Full)?;
            frame.push(octets.get(..length).ok_or(Full)?);
        }
        let header = Header {
            id: self.asked.id,
            flags: self.asked.answer_flags(),
            questions: first.into(),
            answers,
            authorities: 0,
            additionals: opt.is_some().into(),
        };
        frame.set_header(header);
        if let Some(signer) = &mut self.signer {
            let mut tsig = [0; 512];
            let len = signer.sign(&frame.parts(), now, &mut tsig)?;
            frame.push(tsig.get(..len).ok_or(Full)?);
            frame.set_header(Header { additionals: header.additionals.saturating_add(1), ..header });
        }
        frame.set_length();
        Ok(())
    }
}
