//! Memory: with the zone there, and for each client in the middle of a transfer.

use zxfr_benches::tld::NAME;

use super::{Row, Sample};
use crate::client::{Buffer, Connection, Question};
use crate::failure::Result;
use crate::kind::{Column, Kind};
use crate::measure::{Measure, Unit};
use crate::stage::{Stage, settled};

static LOADED: Measure =
    Measure { name: "memory.loaded", title: "memory with the zone loaded", unit: Unit::OctetsPerRecord };

static CLIENT: Measure =
    Measure { name: "memory.client", title: "memory for each of 32 waiting clients", unit: Unit::Octets };

/// How many clients are held in the middle of a transfer.
const CLIENTS: usize = 32;

/// What each of them reads before it lets the server wait, in octets.
const READ: usize = 16 << 10;

/// Memory with the zone there, before anybody asked for it.
pub(crate) struct Loaded;

/// Memory that each client takes in the middle of a transfer, when the server had to do with one client at a time before.
pub(crate) struct Clients;

impl Row for Loaded {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&LOADED]
    }

    fn repeats(&self) -> bool {
        false
    }

    fn prepare(&mut self, stage: &mut Stage, kind: Kind) -> Result<Option<String>> {
        stage.primary(kind).map(|_| None)
    }

    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>> {
        let Column::Server(kind) = column else { return Ok(Vec::new()) };
        let octets = stage.primary(kind)?.memory;
        Ok(vec![(&LOADED, octets as f64 / stage.zone.records() as f64)])
    }
}

impl Row for Clients {
    fn name(&self) -> &'static str {
        "memory-32"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&CLIENT]
    }

    fn repeats(&self) -> bool {
        false
    }

    fn prepare(&mut self, stage: &mut Stage, kind: Kind) -> Result<Option<String>> {
        if matches!(kind, Kind::Knotd | Kind::Pdns | Kind::Ixfrdist) {
            return Ok(Some("is at ten clients at a time, and waits for each of them".into()));
        }
        stage.known(kind, false).map(|_| None)
    }

    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>> {
        let Column::Server(kind) = column else { return Ok(Vec::new()) };
        let server = &stage.primary(kind)?.server;
        let question = Question::axfr(NAME, false)?;
        let mut buffer = Buffer::default();
        let before = settled(server);
        let mut waiting = Vec::with_capacity(CLIENTS);
        for _ in 0..CLIENTS {
            let mut connection = Connection::open_slow(server.address(), &question)?;
            connection.begin(READ, &mut buffer)?;
            waiting.push(connection);
        }
        let grown = settled(server) as f64 - before as f64;
        Ok(vec![(&CLIENT, (grown / CLIENTS as f64).max(0.0))])
    }
}
