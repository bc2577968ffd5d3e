//! Everything of a message.

use zxfr_core::tsig::TsigRecord;
use zxfr_core::wire::rdata;
use zxfr_core::wire::{Edns, Flags, HEADER_LEN, Layout, MAX_MESSAGE, Message, Record, Records, Scratch, Writer};

/// Reads everything that a message has. What was read has the shape that it promises, and when written is read back the same.
pub fn message(data: &[u8]) {
    let Ok(message) = Message::new(data) else {
        assert!(data.len() < HEADER_LEN || data.len() > MAX_MESSAGE);
        return;
    };
    assert_eq!(message.header().to_octets()[..], data[..HEADER_LEN]);
    let question = message.question();
    let Ok(layout) = message.layout() else { return };
    assert!(layout.answers_at <= layout.authorities_at && layout.authorities_at <= data.len());

    let mut octets = vec![0; MAX_MESSAGE];
    let mut writer = Writer::new(&mut octets);
    if let Ok(Some(question)) = &question {
        writer.question(question.qname.as_ref(), question.qtype, question.qclass).unwrap();
    }
    let (mut first, mut second) = (Scratch::new(), Scratch::new());
    let answers = copy(message.answers(&layout, &mut first), |record| writer.answer(record).is_ok());
    let authorities = copy(message.authorities(&layout, &mut first), |record| writer.authority(record).is_ok());
    let edns = Edns::read(&message, &layout).ok().flatten();
    let with_edns = edns.filter(|edns| writer.additional(|out| edns.write(out)).is_ok());
    let length = writer.finish(message.header().id, Flags::QR);

    let back = Message::new(&octets[..length]).unwrap();
    let back_layout = back.layout().unwrap();
    if let Ok(Some(question)) = question {
        assert_eq!(back.question(), Ok(Some(question)));
    }
    let mut theirs = message.answers(&layout, &mut first);
    same(&mut theirs, &mut back.answers(&back_layout, &mut second), answers);
    let mut theirs = message.authorities(&layout, &mut first);
    same(&mut theirs, &mut back.authorities(&back_layout, &mut second), authorities);
    assert_eq!(Edns::read(&back, &back_layout), Ok(with_edns));
    tsig(&message, &layout);
}

/// Copies records until one is malformed or finds no room, and counts them.
fn copy(mut records: Records<'_, '_>, mut write: impl FnMut(&Record<'_>) -> bool) -> usize {
    let mut count = 0;
    while let Ok(Some(record)) = records.next() {
        assert_eq!(rdata::check(record.rtype, record.rdata), Ok(()));
        assert!(record.ttl < 1 << 31);
        if record.soa().is_none() {
            assert_ne!(record.rtype, zxfr_core::wire::Rtype::SOA);
        }
        if !write(&record) {
            break;
        }
        count += 1;
    }
    count
}

/// The first `count` records are the same octet for octet, and there are no more of ours.
fn same(theirs: &mut Records<'_, '_>, ours: &mut Records<'_, '_>, count: usize) {
    for _ in 0..count {
        let theirs = theirs.next().unwrap().unwrap();
        let ours = ours.next().unwrap().unwrap();
        assert!(ours.is_exactly(&theirs), "{theirs:?} became {ours:?}");
        assert!(ours.canonical_cmp(&theirs).is_eq());
    }
    assert!(ours.next().unwrap().is_none());
}

fn tsig(message: &Message<'_>, layout: &Layout) {
    match TsigRecord::read(message, layout) {
        Ok(Some(record)) => {
            assert!(layout.tsig_at.is_some());
            assert!(record.time_signed.0 < 1 << 48);
            assert!(record.mac.len() + record.other.len() < message.octets().len());
        }
        Ok(None) => assert!(layout.tsig_at.is_none()),
        Err(error) => assert!(error.offset <= message.octets().len(), "{error}"),
    }
}
