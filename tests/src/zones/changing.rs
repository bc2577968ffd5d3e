//! A zone whose file goes through the versions of a [history](crate::history).

use std::fs;
use std::path::Path;

use super::{Content, Zone};
use crate::Failure;
use crate::history::{History, Step, Text};
use crate::holding::Holding;

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
