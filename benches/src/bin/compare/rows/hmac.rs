//! The machine's bound for what is signed: HMAC-SHA-256 on one processor.

use std::hint::black_box;
use std::time::Instant;

use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Mac};

use super::{Row, Sample};
use crate::failure::{Failure, Result};
use crate::kind::{Column, Kind};
use crate::measure::{Measure, Unit};
use crate::stage::Stage;

static RATE: Measure =
    Measure { name: "hmac.rate", title: "HMAC-SHA-256 on one processor", unit: Unit::OctetsPerSecond };

/// Octets of a message, as our pages make them.
const MESSAGE: usize = 16_383;

/// How many messages: 128 MiB.
const MESSAGES: usize = 8_192;

/// HMAC-SHA-256 of messages as long as a zone's are.
pub(crate) struct HmacRate;

impl Row for HmacRate {
    fn name(&self) -> &'static str {
        "hmac"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&RATE]
    }

    fn has_bound(&self) -> bool {
        true
    }

    fn prepare(&mut self, _: &mut Stage, _: Kind) -> Result<Option<String>> {
        Ok(Some(String::new()))
    }

    fn sample(&mut self, _: &mut Stage, _: Column) -> Result<Vec<Sample>> {
        let message = vec![0x5a_u8; MESSAGE];
        let key = Hmac::keyed(Algorithm::HmacSha256, b"a secret of thirty-two octets...");
        let key = key.ok_or_else(|| Failure::new("no HMAC-SHA-256"))?;
        let begun = Instant::now();
        for _ in 0..MESSAGES {
            let mut mac = key.clone();
            mac.update(black_box(&message));
            black_box(mac.finish());
        }
        Ok(vec![(&RATE, (MESSAGE * MESSAGES) as f64 / begun.elapsed().as_secs_f64())])
    }
}
