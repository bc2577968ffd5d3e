//! Octets of the signed root zone, every message signed. The zone is in the folder that `ZXFR_CORPUS` names.

use zxfr_tests::zones;

use super::{Row, Sample};
use crate::answer::Contents;
use crate::client::{Connection, Question};
use crate::failure::{Failure, Result};
use crate::kind::{Column, Kind};
use crate::measure::{Measure, Unit};
use crate::server::{Source, Zone};
use crate::stage::Stage;

static OCTETS: Measure = Measure { name: "root.octets", title: "octets of the root zone, signed", unit: Unit::Octets };

/// Octets of an AXFR of the root zone.
#[derive(Default)]
pub(crate) struct Root {
    zone: Option<zones::Zone>,
    /// What the first server said, which the others have to say as well.
    first: Option<Contents>,
}

impl Row for Root {
    fn name(&self) -> &'static str {
        "root"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&OCTETS]
    }

    fn repeats(&self) -> bool {
        false
    }

    fn prepare(&mut self, stage: &mut Stage, kind: Kind) -> Result<Option<String>> {
        if std::env::var_os("ZXFR_CORPUS").is_none() {
            return Ok(Some("ZXFR_CORPUS is not set".into()));
        }
        if !kind.reads_files() {
            return Ok(Some("has no zone files".into()));
        }
        if self.zone.is_none() {
            self.zone = zones::signed_root(stage.folder())?;
        }
        Ok(None)
    }

    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>> {
        let (Column::Server(kind), Some(root)) = (column, &self.zone) else { return Ok(Vec::new()) };
        let zone = Zone { name: root.name.clone(), source: Source::File(root.path.clone()) };
        let mut server = stage.start(kind, &zone)?;
        server.wait_for(Some(root.serial), stage.patience())?;
        let question = Question::axfr(&root.name, true)?;
        let (_, contents) = Connection::open(server.address(), &question)?.explore(&mut stage.buffers[0])?;
        let first = self.first.get_or_insert(contents);
        if contents.zone != first.zone {
            return Err(Failure::new("the root zone is another than the first server's"));
        }
        Ok(vec![(&OCTETS, contents.octets as f64)])
    }
}
