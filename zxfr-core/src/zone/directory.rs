//! A sorted run of pages, found by key in two levels. Leaves are shared between versions.

use super::page::Page;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How many pages a leaf has when it is made.
const LEAF_PAGES: usize = 64;

/// The pages of a run, in order.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    leaves: Vec<Arc<[Page]>>,
}

/// A place in a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    leaf: usize,
    page: usize,
}

impl Directory {
    pub(super) fn new(pages: Vec<Page>) -> Self {
        let mut leaves = Vec::with_capacity(pages.len().div_ceil(LEAF_PAGES));
        let mut pages = pages.into_iter();
        loop {
            let leaf: Arc<[Page]> = pages.by_ref().take(LEAF_PAGES).collect();
            if leaf.is_empty() {
                return Self { leaves };
            }
            leaves.push(leaf);
        }
    }

    /// All pages in order.
    pub fn pages(&self) -> impl Iterator<Item = &Page> {
        self.leaves.iter().flat_map(|leaf| leaf.iter())
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// The page at a place, and the place after it.
    pub(super) fn page_at(&self, place: Place) -> Option<(&Page, Place)> {
        let leaf = self.leaves.get(place.leaf)?;
        match leaf.get(place.page) {
            Some(page) => Some((page, Place { page: place.page.saturating_add(1), ..place })),
            None => {
                let place = Place { leaf: place.leaf.saturating_add(1), page: 0 };
                let page = self.leaves.get(place.leaf)?.first()?;
                Some((page, Place { page: 1, ..place }))
            }
        }
    }

    /// The place of the last page that begins at or before `key`: the only one that can have it, other than pages after it
    /// whose records all follow `key`. The first page when all begin later.
    pub(super) fn place_of(&self, key: &[u8]) -> Place {
        let first_key = |leaf: &Arc<[Page]>| leaf.first().is_some_and(|page| page.key() <= key);
        let leaf = self.leaves.partition_point(first_key).saturating_sub(1);
        let pages = self.leaves.get(leaf).map(AsRef::as_ref).unwrap_or_default();
        let page = pages.partition_point(|page: &Page| page.key() <= key).saturating_sub(1);
        Place { leaf, page }
    }
}
