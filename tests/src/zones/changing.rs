//! A zone whose file goes through the versions of a [history](crate::history).

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::{Content, Zone};
use crate::history::{History, Step, Text};
use crate::holding::Holding;
use crate::peer::DEADLINE;
use crate::records::Record;
use crate::{Failure, decode, wire};

/// Between two requests to a server that isn't there yet.
const PAUSE: Duration = Duration::from_millis(10);

/// A zone in a file that is written anew for each version.
#[derive(Debug)]
pub struct Changing<'h> {
    zone: Zone,
    text: Text<'h>,
    holding: Holding,
    steps: std::vec::IntoIter<Step<'h>>,
}

impl<'h> Changing<'h> {
    /// Writes the version after `skipped` steps; `count` more will follow.
    ///
    /// # Errors
    /// When the file can't be written, or the history hasn't got these steps or has records
    /// that can't be read here.
    pub fn new(dir: &Path, history: &'h History, skipped: usize, count: usize) -> Result<Self, Failure> {
        let text = history.version(skipped)?;
        let steps: Vec<_> = history.steps().skip(skipped).take(count).collect();
        if steps.len() < count {
            return Err(Failure::new(format!("only {} steps after {skipped}", steps.len())));
        }
        let holding = Holding::of(&text)?;
        let zone = Zone::write(dir, Content::History, history.zone(), serial(&text)?, &text.zone_file())?;
        Ok(Self { zone, text, holding, steps: steps.into_iter() })
    }

    /// The zone with its present serial.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The serial of the present version.
    pub fn serial(&self) -> u32 {
        self.zone.serial
    }

    /// What the present version holds.
    pub fn holding(&self) -> &Holding {
        &self.holding
    }

    /// The records that a server gives by AXFR in answer to this request, once it gives the present version.
    ///
    /// `nsd` may answer a SOA query with the new version while one of its processes still gives the old one over TCP, or
    /// closes connections.
    ///
    /// # Errors
    /// When it doesn't give it within [`DEADLINE`].
    pub fn given_by(&self, server: SocketAddr, request: &[u8]) -> Result<Vec<Record>, Failure> {
        let begun = Instant::now();
        loop {
            let records = wire::axfr_by(server, request).and_then(|messages| decode::records(&messages));
            let failure = match records {
                Ok(records) => match records.first().and_then(Record::serial) {
                    Some(serial) if serial == self.serial() => return Ok(records),
                    other => Failure::new(format!("serial {other:?}, not {}", self.serial())),
                },
                Err(failure) => failure,
            };
            if begun.elapsed() > DEADLINE {
                return Err(Failure::because(format!("{} from {server}", self.zone.name), failure));
            }
            thread::sleep(PAUSE);
        }
    }

    /// Writes the next version's file, and gives the step to it; `None` after the last.
    ///
    /// # Errors
    /// When the file can't be written, or the step doesn't fit.
    pub fn advance(&mut self) -> Result<Option<Step<'h>>, Failure> {
        let Some(step) = self.steps.next() else { return Ok(None) };
        self.text.apply(&step)?;
        self.holding.apply(&step)?;
        self.zone.serial = serial(&self.text)?;
        // Beside it and renamed, so that nobody reads half of it.
        let path = &self.zone.path;
        let next = path.with_extension("next");
        let failed = |error| Failure::because(path.display(), error);
        fs::write(&next, self.text.zone_file()).map_err(failed)?;
        fs::rename(&next, path).map_err(failed)?;
        Ok(Some(step))
    }
}

fn serial(text: &Text<'_>) -> Result<u32, Failure> {
    u32::try_from(text.serial()).map_err(|_| Failure::new(format!("serial out of range: {}", text.serial())))
}
