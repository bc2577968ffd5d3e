//! An UPDATE that may be performed (RFC 2136).

use super::{Grant, Reply};
use crate::acl::Asker;
use crate::edit::Edit;
use crate::name::NameRef;
use crate::time::UnixTime;
use crate::tsig::{Key, Mac, Signer, TsigRecord};
use crate::update::{Refusal, Request};
use crate::wire::{Ede, Message, Rcode};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// An UPDATE whose shape holds, and whose asker and key may change the zone.
#[derive(Debug)]
pub struct Update<M: Mac> {
    octets: Bytes,
    mac: Vec<u8>,
    good_until: UnixTime,
    grant: Box<Grant<M>>,
}

impl<M: Mac> Update<M> {
    pub(super) fn new(message: &Message<'_>, grant: Grant<M>) -> Self {
        let layout = message.layout().ok();
        let tsig =
            layout.and_then(|layout| TsigRecord::read(message, &layout).ok()?.map(|tsig| (tsig.mac.to_vec(), tsig)));
        let until = |tsig: &TsigRecord<'_>| UnixTime(tsig.time_signed.0.saturating_add(tsig.fudge.into()));
        let (mac, good_until) = tsig.map(|(mac, tsig)| (mac, until(&tsig))).unwrap_or_default();
        Self { octets: Bytes::copy_from_slice(message.octets()), mac, good_until, grant: Box::new(grant) }
    }

    /// The zone that is to be changed.
    #[must_use]
    pub fn zone(&self) -> NameRef<'_> {
        self.grant.zone()
    }

    /// Who asks.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.grant.asker
    }

    /// The key that signed it, if one did.
    #[must_use]
    pub fn key(&self) -> Option<&Key<M>> {
        self.grant.signer.as_ref().map(Signer::key)
    }

    /// Its MAC; empty when it isn't signed. Another request with the same one is the same sent again, or replayed: a time is
    /// all that TSIG has against that (RFC 8945 §10), so it is for the host to perform it once only.
    #[must_use]
    pub fn mac(&self) -> &[u8] {
        &self.mac
    }

    /// Until when its TSIG is good, and so how long its MAC is to be remembered: its time and fudge, which its sender chose.
    #[must_use]
    pub const fn good_until(&self) -> UnixTime {
        self.good_until
    }

    /// What is to be performed, on whatever thread that is done.
    #[must_use]
    pub fn request(&self) -> UpdateRequest {
        UpdateRequest(self.octets.clone())
    }

    /// The reply (RFC 2136 §3.8): NOERROR when all was done, [`Refusal::rcode`] when nothing was, SERVFAIL when it couldn't be
    /// kept. Signed when the request was; `why` goes to who sent OPT.
    #[must_use]
    pub fn reply(&self, rcode: Rcode, why: Option<(Ede, &'static str)>, now: UnixTime) -> Reply {
        self.grant.replier.updated(rcode, why, &mut self.grant.signer(), now)
    }
}

/// The message of an UPDATE that may be performed.
#[derive(Clone, Debug)]
pub struct UpdateRequest(Bytes);

impl UpdateRequest {
    /// Performs it: see [`Request::perform`].
    ///
    /// # Errors
    /// When nothing is to be changed. The edit is of no use then.
    pub fn perform(&self, edit: &mut Edit) -> Result<bool, Refusal> {
        let message = Message::new(&self.0)?;
        Request::read(&message)?.perform(edit)
    }
}
