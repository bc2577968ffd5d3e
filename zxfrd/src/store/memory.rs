//! A store that keeps nothing: all is there for as long as the process is.

use super::{Doing, Problem, Store, StoreError, StoredZone, Write, ZoneSink};
use crate::catalog::{Id, Object};
use crate::store::Damaged;
use std::future::ready;

/// Takes everything and keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory;

impl Store for Memory {
    fn keeps(&self) -> bool {
        false
    }

    fn objects(&self) -> Doing<'_, Result<Vec<Object>, StoreError>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn zones<'s>(&'s self, _: ZoneSink<'s>) -> Doing<'s, Result<(), StoreError>> {
        Box::pin(ready(Ok(())))
    }

    fn zone(&self, _: Id) -> Doing<'_, Result<Option<Result<StoredZone, Damaged>>, StoreError>> {
        Box::pin(ready(Ok(None)))
    }

    fn commit(&self, _: Vec<Write>) -> Doing<'_, Result<(), StoreError>> {
        Box::pin(ready(Ok(())))
    }

    fn check(&self) -> Doing<'_, Result<Vec<Problem>, StoreError>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn close(&self) -> Doing<'_, ()> {
        Box::pin(ready(()))
    }
}
