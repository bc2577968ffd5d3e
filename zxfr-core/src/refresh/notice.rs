//! NOTIFYs that wait for their check.

use super::primaries::Primaries;
use crate::serial::Serial;

/// NOTIFYs that wait for their check, however many they are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Notice {
    /// Who sent them.
    primaries: Primaries,
    /// One came from an address that is no primary's.
    stranger: bool,
    /// One came without a serial.
    blind: bool,
    /// The newest serial that was announced, by these or by NOTIFYs whose check didn't find it, and is not held.
    pub(super) wanted: Option<Serial>,
    /// How many checks followed in vain.
    pub(super) rechecks: u8,
}

impl Notice {
    /// Whether a check has to be made.
    pub(super) const fn is_waiting(&self) -> bool {
        self.stranger || !self.primaries.is_empty()
    }

    pub(super) fn add(&mut self, primary: Option<u8>, serial: Option<Serial>) {
        match primary {
            Some(primary) => self.primaries.insert(primary),
            None => self.stranger = true,
        }
        match serial {
            None => self.blind = true,
            Some(serial) if self.wanted.is_none_or(|wanted| serial.is_newer_than(wanted)) => {
                self.wanted = Some(serial);
                self.rechecks = 0;
            }
            Some(_) => {}
        }
    }

    /// Who is to be asked, of these.
    pub(super) const fn targets(&self, all: Primaries) -> Primaries {
        if self.stranger { all } else { self.primaries.and(all) }
    }

    /// These are being asked.
    pub(super) const fn asked(&mut self, primaries: Primaries, all: Primaries) {
        self.primaries = self.targets(all).without(primaries);
        self.stranger = false;
        if self.primaries.is_empty() {
            self.blind = false;
        }
    }

    /// A primary has this serial: what it announced, it need not be asked for again.
    pub(super) fn answered(&mut self, primary: u8, serial: Serial) {
        if !self.blind && self.wanted.is_some_and(|wanted| !wanted.is_newer_than(serial)) {
            self.primaries.remove(primary);
        }
    }

    /// This serial is held now.
    pub(super) fn satisfy(&mut self, held: Serial) {
        if self.wanted.is_none_or(|wanted| wanted.is_newer_than(held)) {
            return;
        }
        self.forget_wanted();
        if !self.blind {
            self.primaries = Primaries::NONE;
            self.stranger = false;
        }
    }

    pub(super) const fn forget_wanted(&mut self) {
        self.wanted = None;
        self.rechecks = 0;
    }

    /// Everything is forgotten.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
