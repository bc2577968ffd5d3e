//! Requests to a primary: whatever comes, the answer is one.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use zxfr_core::acl::{Asker, Transport};
use zxfr_core::edit::{Edit, Rules};
use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{
    Action, DropReason, Host, KeyWanted, Keys, Notify, Refusal, Reply, Unserved, Update, handle_request,
};
use zxfr_core::serial::{Serial, SerialPolicy};
use zxfr_core::time::{Instant, Now, UnixTime};
use zxfr_core::transfer::{Event, Inbound, Kind, Limits, Outbound};
use zxfr_core::tsig::{Key, NullMac, TsigRecord, Verifier};
use zxfr_core::wire::{
    Class, Ede, Edns, Expire, Flags, MAX_MESSAGE, Message, Opcode, Question, Rcode, Record, Rtype, Scratch,
};
use zxfr_core::zone::{BuildLimits, Builder, Version};

/// The time of the seeds.
const NOW: UnixTime = UnixTime(1_800_000_000);
const EXPIRE: u32 = 4_711;

/// Takes the octets as a request, over UDP and TCP, from somebody who may ask and from a stranger, to a host that has keys at
/// hand and to one that fetches them. Zones are `example.` (serials 1 to 5, small), `large.` (several messages, serials 7 and
/// 8) and `expired.`.
pub fn request(data: &[u8]) {
    let asked = Message::new(data).ok();
    // Signed whenever the sender says, so that the time is right.
    let signed_at = asked.and_then(|message| {
        let layout = message.layout().ok()?;
        TsigRecord::read(&message, &layout).ok()?.map(|record| record.time_signed)
    });
    for transport in [Transport::Udp, Transport::Tcp] {
        for now in [Some(NOW), signed_at].into_iter().flatten() {
            for quota in [true, false] {
                let check = Check { data, transport, now };
                let host = Fixed { keys_later: false, quota, keys_asked: Cell::new(0), admitted: Cell::new(0) };
                let at_once = check.answer(&host, false);
                let later = Fixed { keys_later: true, keys_asked: Cell::new(0), admitted: Cell::new(0), ..host };
                assert_eq!(check.answer(&later, false), at_once, "keys that come later");
                let stranger = check.answer(&host, true);
                assert!(stranger.is_none_or(|octets| octets[2] & 4 == 0), "a stranger is served");
            }
        }
    }
}

/// A request and how it came.
struct Check<'d> {
    data: &'d [u8],
    transport: Transport,
    now: UnixTime,
}

impl Check<'_> {
    /// All octets that are sent in answer, which have to be right.
    fn answer(&self, host: &Fixed, stranger: bool) -> Option<Vec<u8>> {
        let addr = if stranger { [192, 0, 2, 1] } else { [127, 0, 0, 1] };
        let asker = Asker { addr: addr.into(), transport: self.transport };
        let (keys_before, admitted_before) = (host.keys_asked.get(), host.admitted.get());
        let mut action = handle_request(host, self.data, &asker, self.now);
        if let Action::NeedKeys(pending) = action {
            assert!(host.keys_later);
            let key = Key::new(pending.key_name.as_ref(), pending.algorithm, b"fuzz").unwrap();
            action = pending.supply(host, vec![key], self.now);
        }
        assert!(!stranger || host.keys_asked.get() == keys_before, "a key is looked for, for a stranger");
        assert_eq!(host.admitted.get() - admitted_before, u32::from(matches!(action, Action::Stream(_))));
        match action {
            Action::Drop(reason) => {
                let message = Message::new(self.data);
                match reason {
                    DropReason::NoMessage => assert!(message.is_err()),
                    DropReason::Answer => assert!(message.unwrap().header().flags.has(Flags::QR)),
                    other => panic!("{other:?}"),
                }
                None
            }
            Action::Reply(reply) => Some(self.reply(&reply)),
            Action::Notify(notify) => Some(self.notify(&notify)),
            Action::Stream(outbound) => Some(self.stream(outbound)),
            Action::Update(update) => Some(self.update(&update)),
            Action::NeedKeys(_) => panic!("keys are asked for twice"),
        }
    }

    /// What an UPDATE comes to is a version with a newer serial, or nothing; performed twice it is the same.
    fn update(&self, update: &Update<NullMac>) -> Vec<u8> {
        let held = held(update.zone()).unwrap();
        let perform = || {
            let mut edit = Edit::new(held.clone(), Rules::default());
            let performed = update.request().perform(&mut edit);
            performed.map(|changed| (changed, edit.finish(SerialPolicy::Increment, self.now)))
        };
        let (once, twice) = (perform(), perform());
        assert_eq!(format!("{once:?}"), format!("{twice:?}"));
        let rcode = match once {
            Ok((changed, Ok(Some(change)))) => {
                assert!(changed && change.version.serial().is_newer_than(held.serial()));
                Rcode::NOERROR
            }
            Ok((_, Ok(None))) => Rcode::NOERROR,
            Ok((_, Err(_))) => Rcode::REFUSED,
            Err(refusal) => refusal.rcode(),
        };
        let reply = update.reply(rcode, Some((Ede::OTHER, "why")), self.now);
        assert_eq!(self.message(&reply.message), rcode);
        reply.message.to_vec()
    }

    fn asked(&self) -> (Message<'_>, Option<Question>, Option<Edns<'_>>) {
        let message = Message::new(self.data).unwrap();
        let edns = message.layout().ok().and_then(|layout| Edns::read(&message, &layout).ok().flatten());
        (message, message.question().ok().flatten(), edns)
    }

    /// One message, and what all of these are: no larger than the asker takes, with its ID, opcode and question.
    fn message(&self, octets: &[u8]) -> Rcode {
        let (asked, question, edns) = self.asked();
        let most = match (self.transport, edns) {
            (Transport::Udp, None) => 512,
            (Transport::Udp, Some(edns)) => usize::from(edns.udp_size.clamp(512, 1232)),
            _ => MAX_MESSAGE,
        };
        assert!(octets.len() <= most, "{} octets for {most}", octets.len());
        let message = Message::new(octets).unwrap();
        let layout = message.layout().unwrap();
        let header = message.header();
        assert!(header.flags.has(Flags::QR) && header.id == asked.header().id);
        assert_eq!(header.flags.opcode(), asked.header().flags.opcode());
        let said = Edns::read(&message, &layout).unwrap();
        let rcode = said.map_or(header.flags.rcode(), |edns| edns.rcode(&message));
        if let Some(repeated) = message.question().unwrap() {
            let question = question.unwrap();
            assert!(repeated == question && repeated.qname.as_ref().octets_eq(question.qname.as_ref()));
            // What the asker doesn't know is not sent.
            assert!(said.is_none() || edns.is_some());
        }
        let wanted = edns.is_some_and(|edns| edns.expire == Some(Expire::Asked));
        let expire = said.and_then(|edns| edns.expire);
        assert!(expire.is_none() || (expire == Some(Expire::Seconds(EXPIRE)) && wanted && rcode == Rcode::NOERROR));
        rcode
    }

    fn reply(&self, reply: &Reply) -> Vec<u8> {
        let rcode = self.message(&reply.message);
        let message = Message::new(&reply.message).unwrap();
        let header = message.header();
        match &reply.refusal {
            Some(refusal) => {
                assert!(header.answers == 0 && !header.flags.has(Flags::AA) && reply.sent.is_none());
                // Of BADVERS there is only half where no OPT tells of it, which is never.
                assert!(rcode == refusal.rcode() || matches!(refusal, Refusal::Unsignable(_)));
                assert!(!refusal.to_string().is_empty());
            }
            None => {
                assert!(rcode == Rcode::NOERROR && header.flags.has(Flags::AA));
                let question = message.question().unwrap().unwrap();
                let serial = held(question.qname.as_ref()).unwrap().serial();
                assert!(matches!(question.qtype, Rtype::SOA | Rtype::IXFR));
                let layout = message.layout().unwrap();
                let mut scratch = Scratch::new();
                let mut answers = message.answers(&layout, &mut scratch);
                if header.flags.has(Flags::TC) {
                    assert_eq!(header.answers, 0);
                } else {
                    assert_eq!(answers.next().unwrap().unwrap().soa().unwrap().serial, serial);
                    while answers.next().unwrap().is_some() {}
                }
                if let Some(sent) = &reply.sent {
                    assert_eq!((sent.serial, sent.totals.records), (serial, header.answers.into()));
                    self.follow(&[reply.message.to_vec()], sent.kind);
                }
            }
        }
        reply.message.to_vec()
    }

    fn notify(&self, notify: &Notify) -> Vec<u8> {
        assert_eq!(self.message(&notify.reply.message), Rcode::NOERROR);
        let (asked, question, _) = self.asked();
        let question = question.unwrap();
        assert!(asked.header().flags.opcode() == Opcode::NOTIFY && notify.reply.refusal.is_none());
        assert_eq!((question.qtype, question.qclass, &question.qname), (Rtype::SOA, Class::IN, &notify.zone));
        let header = Message::new(&notify.reply.message).unwrap().header();
        assert!(header.flags.has(Flags::AA) && header.answers == 0 && header.authorities == 0);
        assert!(notify.serial.is_none() || asked.header().answers > 0);
        notify.reply.message.to_vec()
    }

    fn stream(&self, mut outbound: Outbound<NullMac>) -> Vec<u8> {
        assert_ne!(self.transport, Transport::Udp);
        let kind = outbound.kind();
        let mut messages = Vec::new();
        while let Some(frame) = outbound.poll_transmit(self.now).unwrap() {
            let octets = frame.parts().concat();
            assert_eq!(self.message(&octets), Rcode::NOERROR);
            assert_eq!(Message::new(&octets).unwrap().header().questions, u16::from(messages.is_empty()));
            messages.push(octets);
        }
        assert!(outbound.is_done());
        self.follow(&messages, kind);
        messages.concat()
    }

    /// A secondary that sent this request understands the answer.
    fn follow(&self, messages: &[Vec<u8>], kind: Kind) {
        let (asked, question, _) = self.asked();
        let question = question.unwrap();
        let layout = asked.layout().unwrap();
        let verifier = TsigRecord::read(&asked, &layout).unwrap().map(|record| {
            let key = Key::<NullMac>::new(record.key_name.as_ref(), record.algorithm().unwrap(), b"fuzz").unwrap();
            Verifier::new(key, record.mac)
        });
        let (zone, id) = (question.qname.as_ref(), asked.header().id);
        let version = held(zone).unwrap();
        let mut inbound = match kind {
            Kind::Axfr if question.qtype == Rtype::AXFR => Inbound::axfr(zone, id, Limits::default(), verifier),
            Kind::Axfr => {
                let mut scratch = Scratch::new();
                let ours = asked.authorities(&layout, &mut scratch).next().unwrap().unwrap().soa().unwrap().serial;
                Inbound::ixfr(zone, ours, id, Limits::default(), verifier)
            }
            Kind::Ixfr { from } | Kind::UpToDate { from } => Inbound::ixfr(zone, from, id, Limits::default(), verifier),
        };
        let now = Now { instant: Instant::default(), unix: self.now };
        let (mut added, mut deleted, mut end) = (0, 0, None);
        for octets in messages {
            let mut events = inbound.handle_message(octets, now).unwrap();
            while let Some(event) = events.next().unwrap() {
                match event {
                    Event::Begin { .. } | Event::Add(_) => added += 1,
                    Event::Delete(_) => deleted += 1,
                    Event::Commit { serial } | Event::UpToDate { serial } => end = Some(serial),
                    Event::Deletions { .. } | Event::Additions { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!((inbound.eof(), end), (Ok(()), Some(version.serial())));
        match kind {
            Kind::Axfr => assert_eq!((added, deleted), (version.record_count(), 0)),
            Kind::Ixfr { .. } => assert!(added > 0 && added == deleted),
            Kind::UpToDate { .. } => assert_eq!((added, deleted), (0, 0)),
        }
    }
}

/// A zone, and what led to it.
type Held = (Arc<Version>, Mutex<Journal>);

fn zones() -> &'static HashMap<Name, Held> {
    static ZONES: OnceLock<HashMap<Name, Held>> = OnceLock::new();
    ZONES.get_or_init(|| {
        let zone = |name: &str, serials: &[u32], hosts, changing| {
            let apex: Name = name.parse().unwrap();
            let versions: Vec<_> = serials.iter().map(|serial| version(&apex, *serial, hosts, changing)).collect();
            let mut journal = Journal::new(JournalLimits::default());
            for pair in versions.windows(2) {
                journal.push(Arc::new(pair[0].diff(&pair[1]).unwrap())).unwrap();
            }
            (apex, (versions.last().unwrap().clone(), Mutex::new(journal)))
        };
        [zone("example.", &[1, 2, 3, 5], 40, 2), zone("large.", &[7, 8], 3_000, 1_200)].into_iter().collect()
    })
}

/// Hosts, of which the first few have an address that depends on the serial.
fn version(apex: &Name, serial: u32, hosts: u32, changing: u32) -> Arc<Version> {
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let mut push = |owner: &Name, rtype, rdata: &[u8]| {
        builder.push(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 60, rdata }).unwrap();
    };
    push(apex, Rtype::SOA, &[b"\x02ns\0\x04mail\0".as_slice(), &serial.to_be_bytes(), &[0; 16]].concat());
    for host in 0..hosts {
        let address = if host < changing { serial } else { 0 };
        push(&format!("host{host}.{apex}").parse().unwrap(), Rtype::A, &address.to_be_bytes());
    }
    Arc::new(builder.finish().unwrap().0)
}

fn held(zone: NameRef<'_>) -> Option<Arc<Version>> {
    zones().get(&zone.to_name()).map(|(version, _)| version.clone())
}

/// Serves loopback; any key will do.
struct Fixed {
    keys_later: bool,
    quota: bool,
    keys_asked: Cell<u32>,
    admitted: Cell<u32>,
}

impl Host for Fixed {
    type Mac = NullMac;

    fn admits(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        asker.addr.is_loopback() && (held(zone).is_some() || zone.as_octets() == b"\x07expired\0")
    }

    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<NullMac> {
        self.keys_asked.set(self.keys_asked.get() + 1);
        match self.keys_later {
            true => Keys::Later,
            false => Keys::Found(vec![Key::new(wanted.name, wanted.algorithm, b"fuzz").unwrap()]),
        }
    }

    fn key_admits(&self, zone: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        // One zone needs a key.
        key.is_some() || held(zone).is_none_or(|version| version.serial() != Serial(8))
    }

    fn version(&self, zone: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        held(zone).ok_or(Unserved::Expired)
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        self.admitted.set(self.admitted.get() + u32::from(self.quota));
        self.quota
    }

    fn answer(&self, zone: NameRef<'_>, version: &Arc<Version>, from: Serial) -> Answer {
        zones()[&zone.to_name()].1.lock().unwrap().answer(version, from)
    }

    fn expire(&self, _: NameRef<'_>) -> Option<u32> {
        Some(EXPIRE)
    }

    fn admits_notify(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        self.admits(zone, asker)
    }

    fn admits_update(&self, zone: NameRef<'_>, asker: &Asker) -> Result<(), Refusal> {
        if !asker.addr.is_loopback() {
            return Err(Refusal::Stranger);
        }
        held(zone).map(|_| ()).ok_or(Refusal::NotPrimary)
    }

    fn update_key_admits(&self, zone: NameRef<'_>, _: &Asker, key: Option<&Key<NullMac>>) -> bool {
        self.key_admits(zone, &Asker { addr: [127, 0, 0, 1].into(), transport: Transport::Tcp }, key.map(Key::name))
    }
}
