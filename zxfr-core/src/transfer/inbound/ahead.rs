//! A later run of messages, read while those before it are still being read: on another core.
//!
//! What is read ahead is what a whole zone mostly is: messages of records to be added. Everything else has its meaning from
//! all that came before, and is left to the one reader that knows it. So this one gives no verdicts: it stops, and the other
//! goes on where it stopped. What comes of it is the same, wherever the messages are divided.

use super::super::error::Error;
use super::super::limits::Totals;
use super::events::Events;
use super::inspect::Inspected;
use super::sequence::State;
use super::stream::Stream;
use super::{Event, InspectedInbound};
use crate::name::Name;
use crate::wire::reader::RecordPosition;
use crate::wire::{Record, Rtype, Scratch};

/// What reads ahead can't tell what a message means, or the machine can't take over what was read ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSure;

/// A reader of messages from the midst of a whole zone, which doesn't know what came before: see [`InspectedInbound::ahead`].
#[derive(Debug)]
pub struct InboundAhead {
    scratch: Scratch,
    /// As if the zone began here.
    stream: Stream,
    lead: Lead,
    stop: Option<Stop>,
}

/// Where reading ahead has stopped.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// Before a message.
    Message,
    /// Before a record of the message that was begun last, after so many records in all.
    Record { position: RecordPosition, records: u64 },
    /// What was read is of no use.
    Nowhere,
}

/// The records of the first owner, which may go on from those before.
#[derive(Debug)]
struct Lead {
    /// None before the first record.
    owner: Option<Name>,
    /// No more records with one type than this, in a row.
    records: u32,
    /// No more types than this.
    types: u16,
    rtype: Rtype,
    /// Whether another owner has come.
    ended: bool,
}

/// The events of a message that is read ahead; each borrows from this until the next is taken. Take them all, as with
/// [`Events`].
#[derive(Debug)]
pub struct EventsAhead<'s> {
    events: Events<'s>,
    lead: &'s mut Lead,
    stop: &'s mut Option<Stop>,
}

impl InspectedInbound {
    /// A reader for messages that come later than the next, in the midst of a whole zone; `None` when the transfer isn't
    /// there. Any number of them may be at work. In the order of the messages, between those that this machine takes itself,
    /// each is given to [`InspectedInbound::join`].
    #[must_use]
    pub fn ahead(&self) -> Option<InboundAhead> {
        let Stream { sequence, .. } = &self.stream;
        let is_inside = matches!(sequence.state, State::Zone) && !sequence.query.is_datagram();
        is_inside.then(|| InboundAhead::new(&self.stream))
    }

    /// Takes over what was read ahead, as if the messages had come to this machine. The next message is the one at which the
    /// reader stopped, if it did; it may go on in the midst of that message.
    ///
    /// # Errors
    /// When it might have come otherwise here: a limit might be passed, the zone has ended, or not all events were taken. Then
    /// nothing has changed, and the messages have to come to this machine from the first of them on.
    pub fn join(&mut self, ahead: InboundAhead) -> Result<(), NotSure> {
        let InboundAhead { stream: later, lead, stop, .. } = ahead;
        let stream = &mut self.stream;
        let (resume, records) = match stop {
            Some(Stop::Record { position, records }) => (Some(position), records),
            Some(Stop::Nowhere) => return Err(NotSure),
            Some(Stop::Message) | None if later.open => return Err(NotSure),
            Some(Stop::Message) | None => (None, later.totals.records),
        };
        if !matches!(stream.sequence.state, State::Zone) || stream.open {
            return Err(NotSure);
        }
        let (limits, before) = (stream.limits, stream.totals);
        let totals = Totals {
            messages: before.messages.saturating_add(later.totals.messages),
            records: before.records.saturating_add(records),
            octets: before.octets.saturating_add(later.totals.octets),
        };
        if totals.messages > limits.messages || totals.records > limits.records || totals.octets > limits.octets {
            return Err(NotSure);
        }
        if let Some(owner) = &lead.owner
            && stream.row.has_owner(owner.as_ref())
        {
            let fits = stream.row.records.saturating_add(lead.records) <= limits.rrset_records
                && stream.row.types.saturating_add(lead.types) <= limits.types_per_name;
            if !fits || !lead.ended {
                return Err(NotSure);
            }
        }
        if lead.owner.is_some() {
            stream.row = later.row;
        }
        if later.totals.messages > 0 {
            // None of them was empty.
            stream.empty = 0;
        }
        stream.totals = totals;
        stream.skipped = stream.skipped.saturating_add(later.skipped);
        stream.open = resume.is_some();
        self.resume = resume;
        Ok(())
    }
}

impl InboundAhead {
    fn new(stream: &Stream) -> Self {
        let lead = Lead { owner: None, records: 0, types: 0, rtype: Rtype(0), ended: false };
        Self { scratch: Scratch::new(), stream: stream.in_midst(), lead, stop: None }
    }

    /// Another one, for other messages of the same transfer.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::new(&self.stream)
    }

    /// Takes the next message.
    ///
    /// # Errors
    /// When this reader can't tell what it means, or has stopped before. From then on this is the only answer.
    pub fn handle_message<'s, O: AsRef<[u8]>>(
        &'s mut self,
        message: &'s Inspected<O>,
    ) -> Result<EventsAhead<'s>, NotSure> {
        let Self { scratch, stream, lead, stop } = self;
        if stop.is_some() {
            return Err(NotSure);
        }
        if stream.open {
            *stop = Some(Stop::Nowhere);
            return Err(NotSure);
        }
        let before = stream.totals;
        match stream.open_message(message.octets(), &message.facts) {
            // How many empty ones came in a row, is not known here.
            Ok(position) if position.left > 0 => {
                let closing = message.facts.closing();
                let events = Events { octets: message.octets(), position, scratch, stream, closing };
                Ok(EventsAhead { events, lead, stop })
            }
            _ => {
                stream.totals = before;
                *stop = Some(Stop::Message);
                Err(NotSure)
            }
        }
    }
}

impl EventsAhead<'_> {
    /// The next event, [`Event::Add`] or [`Event::Skipped`]; `None` when the message has no more.
    ///
    /// # Errors
    /// When this reader can't tell what the next record means.
    #[expect(clippy::should_implement_trait, reason = "lends from itself, which Iterator can't")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, NotSure> {
        let Self { events, lead, stop } = self;
        if stop.is_some() {
            return Err(NotSure);
        }
        let RecordPosition { at, left, .. } = events.position;
        let records = events.stream.totals.records;
        // What follows a stop is the machine's: it reads this record again.
        **stop = Some(Stop::Record { position: RecordPosition::new(at, left), records });
        match events.next() {
            Ok(None) => {
                **stop = None;
                Ok(None)
            }
            Ok(Some(event @ Event::Skipped(_))) => {
                **stop = None;
                Ok(Some(event))
            }
            Ok(Some(Event::Add(record))) => {
                **stop = None;
                if !lead.ended {
                    lead.follow(&record);
                }
                Ok(Some(Event::Add(record)))
            }
            other => {
                // Here the row was counted already.
                if let Err(Error::Limit(_)) = other {
                    **stop = Some(Stop::Nowhere);
                }
                Err(NotSure)
            }
        }
    }
}

impl Lead {
    #[cold]
    fn follow(&mut self, record: &Record<'_>) {
        if self.owner.as_ref().is_some_and(|owner| owner.as_ref() != record.owner) {
            self.ended = true;
            return;
        }
        if self.owner.is_none() || self.rtype != record.rtype {
            self.types = self.types.saturating_add(1);
        }
        self.owner.get_or_insert_with(|| record.owner.to_name());
        self.rtype = record.rtype;
        self.records = self.records.saturating_add(1);
    }
}
