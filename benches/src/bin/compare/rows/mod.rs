//! What is done with every server, over and over.

mod axfr_in;
mod axfr_kept;
mod axfr_out;
mod history;
mod hmac;
mod ixfr_in;
mod ixfr_out;
mod memory;
mod reload;
mod root;

use crate::failure::Result;
use crate::kind::{Column, Kind};
use crate::measure::Measure;
use crate::stage::Stage;

/// A number for a measure.
pub(crate) type Sample = (&'static Measure, f64);

/// Something that is done with every server in turn, in several rounds.
pub(crate) trait Row {
    /// Its name for `--rows`.
    fn name(&self) -> &'static str;

    /// The lines of the tables that it fills.
    fn measures(&self) -> Vec<&'static Measure>;

    /// Whether the machine's bound is measured in turn with the servers.
    fn has_bound(&self) -> bool {
        false
    }

    /// Whether another round says more.
    fn repeats(&self) -> bool {
        true
    }

    /// Whether it needs the servers that serve the zone from its file; otherwise these are ended before.
    fn uses_primaries(&self) -> bool {
        true
    }

    /// Makes ready, outside of all clocks. Gives why this server is left out, if it is.
    fn prepare(&mut self, stage: &mut Stage, kind: Kind) -> Result<Option<String>>;

    /// Does it once.
    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>>;
}

/// All rows, in the order in which they are done. `huge`: with zones of 10 million records.
pub(crate) fn all(huge: bool) -> Vec<Box<dyn Row>> {
    vec![
        Box::new(memory::Loaded),
        Box::new(memory::Clients),
        Box::new(axfr_out::AxfrOut::new(1, false)),
        Box::new(axfr_out::AxfrOut::new(1, true)),
        Box::new(axfr_out::AxfrOut::new(32, false)),
        Box::new(axfr_out::AxfrOut::new(32, true)),
        Box::new(hmac::HmacRate),
        Box::new(reload::Reload),
        Box::new(ixfr_out::IxfrOut),
        Box::new(root::Root::default()),
        Box::new(history::GovHistory),
        Box::new(axfr_in::AxfrIn::default()),
        Box::new(axfr_in::Memory::default()),
        Box::new(axfr_kept::AxfrKept::default()),
        Box::new(ixfr_in::IxfrIn::default()),
        Box::new(ixfr_in::Sizes::new(huge)),
    ]
}
