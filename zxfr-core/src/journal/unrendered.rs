//! What an answer is made of, and which form of it is sent.

use super::render::render;
use super::{Answer, Differences};
use crate::zone::{Delta, Version};
use alloc::sync::Arc;

/// Deltas of more than so many times the octets of the zone aren't condensed: it would cost far more than it saves.
const MOST_CONDENSED: u64 = 16;
/// Deltas of fewer octets are condensed whatever the size of the zone.
const ALWAYS_CONDENSED: u64 = 1 << 20;

/// The deltas of a journal that lead from the serial that was asked from to a version. Cheap to make and to clone; the work is
/// in [`Unrendered::render`], for which the journal isn't needed.
#[derive(Clone, Debug)]
pub struct Unrendered {
    pub(super) version: Arc<Version>,
    /// Oldest first, at least one.
    pub(super) chain: Arc<[Arc<Delta>]>,
}

impl Unrendered {
    /// The answer: of the deltas in a row, the same condensed, and the zone that which takes the fewest octets. The cost is by
    /// the deltas, and at most some sixteen times what writing the zone takes.
    #[must_use]
    pub fn render(&self) -> Answer {
        let Some((oldest, newest)) = self.ends() else {
            return Answer::Whole;
        };
        let chain = || self.chain.iter().map(|delta| &**delta);
        let soa = self.version.soa();
        let count = self.chain.len();
        // The zone's octets, and those of the SOA that closes its transfer.
        let whole = self.version.octets().saturating_add(soa.wire_len() as u64);
        let octets = chain().fold(0_u64, |sum, delta| sum.saturating_add(delta.octets()));
        let condensed = if count > 1 && octets <= whole.saturating_mul(MOST_CONDENSED).max(ALWAYS_CONDENSED) {
            Delta::condense(chain()).ok()
        } else {
            None
        };
        let condensed = condensed.and_then(|delta| render(core::iter::once(&delta), &soa, whole));
        let most = condensed.as_ref().map_or(whole, |condensed| condensed.octets());
        let (rendered, is_condensed) = match (render(chain(), &soa, most), condensed) {
            (Some(rendered), _) => (rendered, false),
            (None, Some(condensed)) => (condensed, true),
            (None, None) => return Answer::Whole,
        };
        let differences: Differences = rendered.into_differences(oldest, newest, count, is_condensed);
        Answer::Differences(Arc::new(differences))
    }

    /// Whether both are the same deltas.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.chain.len() == other.chain.len()
            && self.chain.iter().zip(&*other.chain).all(|(mine, theirs)| Arc::ptr_eq(mine, theirs))
    }

    /// The first and the last delta.
    pub(super) fn ends(&self) -> Option<(&Arc<Delta>, &Arc<Delta>)> {
        self.chain.first().zip(self.chain.last())
    }
}
