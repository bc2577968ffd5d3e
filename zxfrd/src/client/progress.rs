//! The bar that shows how far a transfer is.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use zxfr_core::transfer::Totals;

/// Transfers shorter than this show none.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is drawn, per second.
const RATE: u8 = 10;

/// Shows records, octets and their rates on standard error when that is a terminal. How much is still to come nobody knows.
pub(super) struct Progress {
    started: Instant,
    terminal: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), terminal: io::stderr().is_terminal(), bar: None }
    }

    /// So much has come.
    pub(super) fn update(&mut self, totals: Totals) {
        let elapsed = self.started.elapsed();
        if !self.terminal || elapsed < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(RATE));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        let Totals { records, octets, .. } = totals;
        let per_second = |count: u64| (count as f64 / elapsed.as_secs_f64()) as u64;
        bar.set_message(format!(
            "{} records ({}/s), {} ({}/s)",
            HumanCount(records),
            HumanCount(per_second(records)),
            HumanBytes(octets),
            HumanBytes(per_second(octets)),
        ));
        bar.tick();
    }

    /// Takes the bar away.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
