//! A request whose shape holds.

use super::refusal::Refusal;
use super::row::Rows;
use crate::edit::Edit;
use crate::name::NameRef;
use crate::wire::{Class, Edns, Header, Layout, Message, Opcode, Question, Rtype};

/// An UPDATE whose framing, names and RDATA hold, and that names one zone.
#[derive(Clone, Debug)]
pub struct Request<'m> {
    message: Message<'m>,
    layout: Layout,
    pub(super) zone: Question,
}

impl<'m> Request<'m> {
    /// Reads a request (RFC 2136 §2, §3.1). Whether the zone is here, and who may change it, is for the host to
    /// say, and answers (QR set) are for it to drop.
    ///
    /// # Errors
    /// When it can't be performed, whatever the zone is.
    pub fn read(message: &Message<'m>) -> Result<Self, Refusal> {
        let header = message.header();
        let opcode = header.flags.opcode();
        if opcode != Opcode::UPDATE {
            return Err(Refusal::Opcode(opcode));
        }
        let layout = message.layout()?;
        let edns = Edns::read(message, &layout)?;
        if let Some(Edns { version, .. }) = edns.filter(|edns| edns.version != 0) {
            return Err(Refusal::EdnsVersion(version));
        }
        let zone = message.question()?.filter(|_| header.questions == 1);
        let zone = zone.ok_or(Refusal::ZoneCount(header.questions))?;
        if zone.qtype != Rtype::SOA {
            return Err(Refusal::ZoneType(zone.qtype));
        }
        if zone.qclass != Class::IN {
            return Err(Refusal::ZoneClass(zone.qclass));
        }
        let request = Self { message: *message, layout, zone };
        for mut rows in [request.prerequisites(), request.updates()] {
            while rows.next()?.is_some() {}
        }
        Ok(request)
    }

    /// The zone that is to be changed, in the asker's case.
    #[must_use]
    pub fn zone(&self) -> NameRef<'_> {
        self.zone.qname.as_ref()
    }

    /// The message.
    #[must_use]
    pub const fn message(&self) -> &Message<'m> {
        &self.message
    }

    /// Where things are in it: its TSIG, for one.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All that is asked for, in the order of the RFC: prerequisites (§3.2), prescan (§3.4.1), updates (§3.4.2). Who may ask
    /// (§3.3) has to be known before. Says whether anything was changed, which [`Edit::finish`] may yet find came to nothing.
    ///
    /// # Errors
    /// When nothing is to be changed. The edit is of no use then.
    pub fn perform(&self, edit: &mut Edit) -> Result<bool, Refusal> {
        self.check(edit)?;
        self.prescan()?;
        self.apply(edit)
    }

    pub(super) const fn header(&self) -> Header {
        self.message.header()
    }

    pub(super) fn prerequisites(&self) -> Rows<'m> {
        Rows::new(self.message.octets(), self.layout.answers_at, self.header().answers)
    }

    pub(super) fn updates(&self) -> Rows<'m> {
        Rows::new(self.message.octets(), self.layout.authorities_at, self.header().authorities)
    }
}
