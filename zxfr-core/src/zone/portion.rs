//! A delta and the runs that it changes, whole or in two portions that don't touch each other, for two threads.

use super::apply::ApplyError;
use super::builder::{BuildLimits, is_nsec3};
use super::change::{Notes, for_each_of};
use super::checks::Checks;
use super::delta::{Delta, DeltaRecords};
use super::directory::{Directory, Leaf, Leaves};
use super::head::ApexNode;
use super::key;
use super::numbered::Numbered;
use super::page::Page;
use super::parts::Opened;
use super::revision::Revision;
use crate::name::NameRef;
use crate::wire::Scratch;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A piece of work, to be called once.
pub type Work<'w> = &'w mut (dyn FnMut() + Send);

/// Has two pieces of work done, best at the same time, and returns when both are: this crate starts no threads. What isn't
/// called is done when this has returned.
pub type Both = fn(Work<'_>, Work<'_>);

/// A list of a delta with fewer pages than these is not worth another thread.
const MANY_PAGES: usize = 4;

/// Some of a delta's changes, which follow one another, and the leaves they have their places in.
pub(super) struct Portion<'a> {
    deletions: DeltaRecords<'a>,
    additions: DeltaRecords<'a>,
    names: &'a [Arc<Leaf>],
    nsec3: &'a [Arc<Leaf>],
}

/// What became of a portion.
pub(super) struct Revised {
    pub(super) names: Leaves,
    pub(super) nsec3: Leaves,
    /// What to look at at the apex, in the names, and in NSEC3.
    pub(super) checks: [Checks; 3],
    pub(super) notes: Notes,
}

/// Work that is done once.
pub(super) enum Once<F, T> {
    Waiting(F),
    Done(T),
}

impl<F: FnMut() -> T, T> Once<F, T> {
    pub(super) fn run(&mut self) {
        if let Self::Waiting(work) = self {
            *self = Self::Done(work());
        }
    }

    /// What it gave, if it was done; else it is now.
    pub(super) fn finish(self) -> T {
        match self {
            Self::Waiting(mut work) => work(),
            Self::Done(given) => given,
        }
    }
}

impl<'a> Portion<'a> {
    /// All of a delta.
    pub(super) fn whole(delta: &'a Delta, opened: &'a Opened) -> Self {
        Self {
            deletions: delta.deletions(),
            additions: delta.additions(),
            names: opened.names.leaves(),
            nsec3: opened.nsec3.leaves(),
        }
    }

    /// About one half of a delta and the other, if it is large. Those before a leaf's first record are one portion: whatever
    /// slot they have their places in, it stands before that leaf.
    pub(super) fn halves(delta: &'a Delta, opened: &'a Opened) -> Option<[Self; 2]> {
        let (deletions, additions) = (&delta.deletions, &delta.additions);
        let names = deletions.names.len().saturating_add(additions.names.len());
        let in_nsec3 = deletions.nsec3.len().saturating_add(additions.nsec3.len()) > names;
        let [deleted, added] = [deletions, additions].map(|changes| changes.run(in_nsec3));
        let longer = if deleted.len() > added.len() { deleted } else { added };
        let middle = longer.get(longer.len() / 2).filter(|_| longer.len() >= MANY_PAGES)?;
        let Opened { names, nsec3, .. } = opened;
        let leaves = Directory::leaves(if in_nsec3 { nsec3 } else { names });
        let near = leaves.partition_point(|leaf| leaf.key() <= middle.key());
        let border = near.min(leaves.len().checked_sub(1)?);
        let (before, after) = leaves.split_at_checked(border).filter(|(before, _)| !before.is_empty())?;
        let page = after.first()?.slots().first()?.base();
        let mut scratch = Scratch::new();
        // Pages of our own writing hold no errors.
        let first = page.first().next(page.octets(), &mut scratch).ok()??;
        let mut owner = Vec::new();
        key::push_owner(&mut owner, first.owner);
        let place = |pages: &[Page]| {
            let number = pages.partition_point(|other| other.key() <= page.key()).saturating_sub(1);
            (number, pages.get(number).map_or(0, |page| Numbered::of(page).find(page, 0, &owner, &first).0))
        };
        let [early_deletions, late_deletions] = delta.deletions().split(in_nsec3, place(deleted));
        let [early_additions, late_additions] = delta.additions().split(in_nsec3, place(added));
        let (early, late) = match in_nsec3 {
            false => ((before, &[][..]), (after, nsec3.leaves())),
            true => ((names.leaves(), before), (&[][..], after)),
        };
        Some([
            Self { deletions: early_deletions, additions: early_additions, names: early.0, nsec3: early.1 },
            Self { deletions: late_deletions, additions: late_additions, names: late.0, nsec3: late.1 },
        ])
    }

    /// Makes the changes. Those at the apex are all in the first portion.
    pub(super) fn revise(
        &self,
        apex: NameRef<'_>,
        mut node: Option<&mut ApexNode<'_>>,
        limits: BuildLimits,
    ) -> Result<Revised, ApplyError> {
        let mut notes = Notes::default();
        let mut names = Revision::new(self.names, limits);
        let mut nsec3 = Revision::new(self.nsec3, limits);
        let mut checks = [Checks::default(), Checks::default(), Checks::default()];
        let [_, names_checks, nsec3_checks] = &mut checks;
        for_each_of(apex, self.deletions.clone(), self.additions.clone(), |change| {
            let identity = change.identity();
            notes.advance();
            match &mut node {
                Some(node) if identity.owner.len() == apex.len() => node.change(&change, &mut notes),
                _ if is_nsec3(identity) => nsec3.change(&change, &mut notes, nsec3_checks),
                _ => names.change(&change, &mut notes, names_checks),
            }
        })?;
        let (names, nsec3) = (names.finish(names_checks), nsec3.finish(nsec3_checks));
        Ok(Revised { names, nsec3, checks, notes })
    }
}

impl Revised {
    /// This and what became of the portion after it.
    pub(super) fn join(mut self, later: Self) -> Self {
        self.names.append(later.names);
        self.nsec3.append(later.nsec3);
        self.notes.append(later.notes);
        for (checks, later) in self.checks.iter_mut().zip(later.checks) {
            checks.list.extend(later.list);
        }
        self
    }
}

#[cfg(test)]
mod tests;
