//! What a version is made of.

use super::arena::Arena;
use super::builder::in_nsec3_run;
use super::directory::Directory;
use super::head;
use super::page::{MAX_PAGE, Page};
use super::run::RunWriter;
use super::slot::Totals;
use crate::name::NameRef;
use crate::wire::Scratch;
use alloc::vec::Vec;

/// The head and the two runs of a version.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) head: Vec<Page>,
    pub(super) names: Directory,
    pub(super) nsec3: Directory,
    /// Whether the head is the whole zone.
    pub(super) whole: bool,
}

/// A version taken apart to be changed.
pub(super) struct Opened {
    /// The records of the apex node, the SOA first, then in order.
    pub(super) apex: Arena,
    pub(super) names: Directory,
    pub(super) nsec3: Directory,
}

impl Parts {
    pub(super) fn totals(&self) -> Totals {
        let head = self.head.iter().map(Totals::from);
        Totals::default().plus(head.chain([self.names.totals(), self.nsec3.totals()]))
    }

    /// The records of the apex node by themselves, and the runs of the others.
    pub(super) fn open(&self, apex: NameRef<'_>) -> Opened {
        let mut node = Arena::default();
        let mut runs = self.whole.then(|| [RunWriter::provisional(), RunWriter::provisional()]);
        let mut scratch = Scratch::new();
        for page in &self.head {
            let mut position = page.first();
            // Pages of our own writing hold no errors, and their records fit into a page.
            while let Ok(Some(record)) = position.next(page.octets(), &mut scratch) {
                match &mut runs {
                    Some([names, nsec3]) if record.owner.len() != apex.len() => {
                        let run = if in_nsec3_run(apex, &record) { nsec3 } else { names };
                        let _ = run.push(&record);
                    }
                    _ => node.push(&record, &[]),
                }
            }
        }
        let [names, nsec3] = match runs {
            Some(runs) => runs.map(|run| Directory::new(run.finish().0)),
            None => [self.names.clone(), self.nsec3.clone()],
        };
        Opened { apex: node, names, nsec3 }
    }

    /// The same as one message, when it is small enough for that.
    pub(super) fn closed(self, apex: NameRef<'_>) -> Self {
        if self.totals().octets > MAX_PAGE as u64 {
            return self;
        }
        match head::render_whole(apex, self.head.iter().chain(self.names.pages()).chain(self.nsec3.pages())) {
            Some(page) => {
                let (names, nsec3) = Default::default();
                Self { head: alloc::vec![page], names, nsec3, whole: true }
            }
            None => self,
        }
    }

    /// The same with all pages written.
    pub(super) fn settled(&self) -> Self {
        Self { names: self.names.settled(), nsec3: self.nsec3.settled(), ..self.clone() }
    }

    /// What they take in memory.
    pub(super) fn heap_octets(&self) -> u64 {
        let head = self.head.iter().map(|page| page.heap_octets().saturating_add(size_of::<Page>()) as u64);
        head.fold(self.names.heap_octets().saturating_add(self.nsec3.heap_octets()), u64::saturating_add)
    }
}
