//! Both ends of a transfer, and the messages that go between them.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use zxfr_core::name::Name;
use zxfr_core::time::{Instant, Now, UnixTime};
use zxfr_core::transfer::{Asked, Outbound, axfr_query};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key, Mac, Signer, TsigRecord, Verifier, sign_request, verify_request};
use zxfr_core::wire::{Message, Record, Scratch};
use zxfr_core::zone::{BuildLimits, Builder, Version};

use crate::zone::apex;

/// The ID of every request here.
pub const ID: u16 = 0xbeef;

/// The time at which everything here happens.
pub const NOW: Now = Now { instant: Instant::from_origin(Duration::ZERO), unix: UnixTime(1_800_000_000) };

/// Both ends of an AXFR, just after the request.
pub struct Ends<M: Mac = Hmac> {
    /// What the server was asked.
    pub asked: Asked,
    /// Signs the server's answer, if the request was signed.
    pub signer: Option<Signer<M>>,
    /// Verifies it.
    pub verifier: Option<Verifier<M>>,
}

impl Ends {
    /// After a request signed with a key of this algorithm, if with any.
    ///
    /// # Panics
    /// When zxfr-core doesn't do its work.
    #[must_use]
    pub fn new(algorithm: Option<Algorithm>) -> Self {
        Self::with_mac(algorithm)
    }
}

impl<M: Mac> Ends<M> {
    /// The same with this MAC.
    ///
    /// # Panics
    /// When zxfr-core doesn't do its work.
    #[must_use]
    pub fn with_mac(algorithm: Option<Algorithm>) -> Self {
        let mut octets = [0; 600];
        let mut length = axfr_query(&mut octets, apex(), ID, true).expect("room");
        let key = algorithm.map(|algorithm| {
            let name: Name = "transfer.example.".parse().expect("a name");
            Key::<M>::new(name.as_ref(), algorithm, b"a secret of thirty-two octets...").expect("a key")
        });
        let verifier = key.as_ref().map(|key| {
            let (signed, verifier) = sign_request(key, &mut octets, length, NOW.unix).expect("room");
            length = signed;
            verifier
        });
        let request = Message::new(&octets[..length]).expect("a message");
        let layout = request.layout().expect("a message");
        let record = TsigRecord::read(&request, &layout).expect("a message");
        let signer = record.map(|record| verify_request(&request, &layout, &record, &key, NOW.unix).expect("signed"));
        let question = request.question().expect("a message").expect("a question");
        let header = request.header();
        Self {
            asked: Asked { id: header.id, flags: header.flags, question, edns: true, expire: None },
            signer,
            verifier,
        }
    }
}

/// The version that these records make.
///
/// # Panics
/// When they make none.
#[must_use]
pub fn version(records: &[Record<'_>]) -> Version {
    let mut builder = Builder::new(apex(), BuildLimits::default());
    for record in records {
        builder.push_checked(record).expect("a zone's record");
    }
    builder.finish().expect("a zone").0
}

/// The messages of an AXFR of a version.
///
/// # Panics
/// When a message can't be made.
#[must_use]
pub fn messages<M: Mac>(version: &Arc<Version>, ends: Ends<M>) -> Vec<Vec<u8>> {
    let mut outbound = Outbound::axfr(Arc::clone(version), ends.asked, ends.signer).expect("signable");
    let mut messages = Vec::new();
    while let Some(frame) = outbound.poll_transmit(NOW.unix).expect("room") {
        messages.push(frame.parts().concat());
    }
    messages
}

/// The octets of all messages.
#[must_use]
pub fn octets(messages: &[Vec<u8>]) -> u64 {
    messages.iter().map(|message| message.len() as u64).sum()
}

/// Reads every record of messages' answer sections.
///
/// # Panics
/// When they are malformed.
pub fn read_answers(messages: &[Vec<u8>], scratch: &mut Scratch) {
    for message in messages {
        let message = Message::new(black_box(message)).unwrap();
        let layout = message.layout().unwrap();
        let mut records = message.answers(&layout, scratch);
        while let Some(record) = records.next().unwrap() {
            black_box(record);
        }
    }
}
