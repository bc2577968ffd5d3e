//! Answers to transfer requests, made before anybody asks.

use zxfr_benches::tld::{Change, NAME, Tld};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::wire::{Class, Flags, Record, Rtype, Writer};

use crate::failure::{Because, Failure, Result};

/// The most octets of a message, of which compression can reach them all.
const LARGEST: usize = 16_384;

/// Records that wait, so that a message can be filled from them; more than fit into one.
const WAITING: usize = 2_000;

/// The messages of an answer as a stream carries them, the question in the first. Their IDs are 0.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    octets: Vec<u8>,
    ends: Vec<usize>,
}

/// Records on their way into messages.
struct Framing {
    frames: Frames,
    question: Rtype,
    waiting: Vec<Kept>,
}

struct Kept {
    owner: Vec<u8>,
    rtype: Rtype,
    ttl: u32,
    rdata: Vec<u8>,
}

impl Frames {
    /// The answer to AXFR: a whole version.
    pub(crate) fn whole(zone: &Tld, version: u32) -> Result<Self> {
        let mut framing = Framing::new(Rtype::AXFR);
        zone.each(version, |record| framing.push(record));
        framing.push_soa(version)?;
        framing.finish()
    }

    /// The answer to IXFR: what leads from the version before to this one (RFC 1995 §4).
    pub(crate) fn differences(zone: &Tld, version: u32) -> Result<Self> {
        let [mut deleted, mut added] = [Vec::new(), Vec::new()];
        zone.changes(version, |change, record| match change {
            Change::Deleted => deleted.push(Kept::new(record)),
            Change::Added => added.push(Kept::new(record)),
        });
        let before = version.checked_sub(1).ok_or_else(|| Failure::new("nothing leads to the first version"))?;
        let mut framing = Framing::new(Rtype::IXFR);
        framing.push_soa(version)?;
        framing.push_soa(before)?;
        framing.extend(deleted);
        framing.push_soa(version)?;
        framing.extend(added);
        framing.push_soa(version)?;
        framing.finish()
    }

    /// Each message with its two length octets.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.octets[begin..*end])
    }

    /// Octets of all messages.
    pub(crate) const fn octets(&self) -> usize {
        self.octets.len()
    }
}

impl Framing {
    fn new(question: Rtype) -> Self {
        Self { frames: Frames::default(), question, waiting: Vec::with_capacity(WAITING) }
    }

    fn push(&mut self, record: &Record<'_>) {
        self.extend([Kept::new(record)]);
    }

    fn push_soa(&mut self, version: u32) -> Result<()> {
        let (apex, rdata) = (apex()?, Tld::soa(version));
        let owner = apex.as_ref();
        self.push(&Record { owner, rtype: Rtype::SOA, class: Class::IN, ttl: 900, rdata: &rdata });
        Ok(())
    }

    fn extend(&mut self, records: impl IntoIterator<Item = Kept>) {
        for record in records {
            self.waiting.push(record);
            if self.waiting.len() == WAITING {
                self.cut();
            }
        }
    }

    /// Makes a message of as many records as it can have.
    fn cut(&mut self) {
        let mut message = [0; LARGEST];
        let mut writer = Writer::new(&mut message);
        if self.frames.ends.is_empty()
            && let Ok(apex) = apex()
        {
            // There is room in an empty message.
            let _ = writer.question(apex.as_ref(), self.question, Class::IN);
        }
        let fitting = self.waiting.iter().take_while(|kept| kept.write(&mut writer)).count();
        self.waiting.drain(..fitting);
        let length = writer.finish(0, Flags::QR.with(Flags::AA));
        self.frames.octets.extend((length as u16).to_be_bytes());
        self.frames.octets.extend(&message[..length]);
        self.frames.ends.push(self.frames.octets.len());
    }

    fn finish(mut self) -> Result<Frames> {
        while let before @ 1.. = self.waiting.len() {
            self.cut();
            if self.waiting.len() == before {
                return Err(Failure::new("a record doesn't fit into a message"));
            }
        }
        Ok(self.frames)
    }
}

impl Kept {
    fn new(record: &Record<'_>) -> Self {
        let Record { owner, rtype, ttl, rdata, .. } = *record;
        Self { owner: owner.as_octets().to_vec(), rtype, ttl, rdata: rdata.to_vec() }
    }

    /// Whether there was room.
    fn write(&self, writer: &mut Writer<'_>) -> bool {
        let Self { owner, rtype, ttl, rdata } = self;
        let Ok(owner) = NameRef::from_octets(owner) else { return false };
        writer.answer(&Record { owner, rtype: *rtype, class: Class::IN, ttl: *ttl, rdata }).is_ok()
    }
}

/// The zone's name.
pub(crate) fn apex() -> Result<Name> {
    NAME.parse().map_err(|error| format!("{error:?}")).because(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Contents, Reading};
    use crate::fingerprint::Fingerprint;
    use zxfr_core::serial::Serial;
    use zxfr_core::transfer::{Inbound, Limits};

    fn read(frames: &Frames, since: Option<u32>) -> Contents {
        let apex = apex().unwrap();
        let inbound = match since {
            None => Inbound::axfr(apex.as_ref(), 0, Limits::NONE, None),
            Some(version) => Inbound::ixfr(apex.as_ref(), Serial(Tld::serial(version)), 0, Limits::NONE, None),
        };
        Reading::new(inbound).read(&frames.octets).unwrap().unwrap()
    }

    #[test]
    fn answers_hold_the_zone_and_its_differences() {
        let zone = Tld::new(20_000);
        let whole = Frames::whole(&zone, 3).unwrap();
        let contents = read(&whole, None);
        assert_eq!(contents.zone, Some(Fingerprint::of(&zone, 3)));
        assert_eq!(contents.messages, whole.messages().count() as u64);
        assert!(whole.messages().all(|message| message.len() <= 2 + LARGEST));
        let octets: usize = whole.messages().map(<[u8]>::len).sum();
        assert_eq!(octets, whole.octets());
        let differences = Frames::differences(&zone, 3).unwrap();
        let contents = read(&differences, Some(2));
        let changes = contents.differences.unwrap();
        assert_eq!([changes.deleted, changes.added], Fingerprint::of_changes(&zone, 3));
        // The newest SOA, the old one, the newest, and again.
        let records = (changes.deleted.count + changes.added.count) as u64 + 4;
        assert_eq!((contents.serial, contents.records), (Tld::serial(3), records));
    }

    #[test]
    fn nothing_leads_to_the_first_version() {
        assert!(Frames::differences(&Tld::new(1_000), 0).is_err());
    }
}
