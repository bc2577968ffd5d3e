mod model;
mod octets;
mod prerequisites;
mod rules;

use super::{Refusal, Request};
use crate::edit::testing::*;
use crate::serial::SerialPolicy;
use crate::time::UnixTime;
use crate::wire::{Class, Flags, Message, Opcode, Rcode, Rtype, Writer};
use crate::zone::{Change, Version};
use std::sync::Arc;
use std::vec::Vec;

const NOW: UnixTime = UnixTime(1_795_000_000);

/// Of class ANY without RDATA: an RRset, or with the type ANY a name, is deleted or in use.
fn all_of(owner: &str, rtype: Rtype) -> Rr {
    Rr { class: Class::ANY, ttl: 0, ..rr(owner, rtype, 0, &[]) }
}

/// Of class NONE without RDATA: an RRset or a name that isn't in use.
fn none(owner: &str, rtype: Rtype) -> Rr {
    Rr { class: Class::NONE, ..all_of(owner, rtype) }
}

/// A record that is deleted.
fn gone(record: Rr) -> Rr {
    Rr { class: Class::NONE, ttl: 0, ..record }
}

/// As a value-dependent prerequisite has it.
fn exact(record: Rr) -> Rr {
    Rr { ttl: 0, ..record }
}

fn message(prerequisites: &[Rr], updates: &[Rr]) -> Vec<u8> {
    message_to("example.", prerequisites, updates)
}

fn message_to(zone: &str, prerequisites: &[Rr], updates: &[Rr]) -> Vec<u8> {
    let mut octets = std::vec![0; 65_535];
    let mut writer = Writer::new(&mut octets);
    writer.question(name(zone).as_ref(), Rtype::SOA, Class::IN).unwrap();
    prerequisites.iter().for_each(|record| writer.answer(&record.record()).unwrap());
    updates.iter().for_each(|record| writer.authority(&record.record()).unwrap());
    let len = writer.finish(4711, Flags::of(Opcode::UPDATE));
    octets.truncate(len);
    octets
}

/// What a message makes of a zone.
fn perform(held: &Arc<Version>, octets: &[u8]) -> Result<Option<Change>, Refusal> {
    let message = Message::new(octets).unwrap();
    let request = Request::read(&message)?;
    let mut edit = edit(held);
    let changed = request.perform(&mut edit)?;
    let change = edit.finish(SerialPolicy::Increment, NOW)?;
    if let Some(change) = &change {
        assert!(changed);
        assert_change(held, change);
    }
    Ok(change)
}

fn rcode(held: &Arc<Version>, prerequisites: &[Rr], updates: &[Rr]) -> Rcode {
    perform(held, &message(prerequisites, updates)).map_or_else(|refusal| refusal.rcode(), |_| Rcode::NOERROR)
}

/// What updates make of a zone; `None` when nothing changes.
fn updated(held: &Arc<Version>, updates: &[Rr]) -> Option<Arc<Version>> {
    perform(held, &message(&[], updates)).unwrap().map(|change| change.version)
}
