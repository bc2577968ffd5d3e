//! OISD's small list: a publisher that changes data under an unchanged serial and writes serials that are no 32-bit
//! numbers. What zxfrd makes of these as zone files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use zxfr_tests::history::{History, Source, Text};
use zxfr_tests::peer::Offer;
use zxfr_tests::tally;
use zxfr_tests::zones::{Content, Zone};
use zxfr_tests::zxfr::{Setup, Zxfrd};
use zxfrd::zone::{LoadOptions, load_text};

/// How many steps the daemon is taken through: the serial stands still for most, and grows three times.
const STEPS: usize = 50;

/// Each version of 50 steps is written and announced by SIGHUP: refused with the reason where the serial stands still,
/// served where it has grown. The zone is cut down to what these steps touch.
#[test]
fn serials_of_oisd_that_stand_still_are_refused() {
    let Some(history) = History::open(Source::OisdSmall).unwrap() else { return };
    let steps: Vec<_> = history.steps().take(STEPS).collect();
    let touched: BTreeSet<&str> =
        steps.iter().flat_map(|step| step.deletions.iter().chain(&step.additions)).copied().collect();
    let mut text = history.base();
    text.records.retain(|line| touched.contains(line) || line.contains(" NS "));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("oisd.zone");
    fs::write(&path, text.zone_file()).unwrap();
    let mut held = serial(&text);
    let name = history.zone().to_owned();
    let zone = Zone { name, path, serial: held, content: Content::History, signed: false };
    let offers = [Offer::open(&zone)];
    let mut zxfrd =
        Zxfrd::start(&Setup { offers: &offers, limits: "max_shrink_percent = 100", ..Setup::default() }).unwrap();
    zxfrd.wait_for_zone(&zone.name, Some(held)).unwrap();

    let (mut refused, mut taken) = (0, 0);
    for (number, step) in steps.iter().enumerate() {
        text.apply(step).unwrap();
        let before = zxfrd.process().log().len();
        fs::write(&zone.path, text.zone_file()).unwrap();
        zxfrd.reload();
        let verdicts = ["zone file loaded", "zone file not taken", "zone file unchanged"];
        let log = zxfrd.process().log_after(before, &verdicts, Duration::from_secs(20)).unwrap();
        let line = log.lines().find(|line| verdicts.iter().any(|verdict| line.contains(verdict))).unwrap();
        if serial(&text) > held {
            assert!(line.contains("zone file loaded"), "step {}: {line}", number + 1);
            held = serial(&text);
            taken += 1;
        } else {
            let reason = format!("the data changed but the serial is still {held}: raise it in the SOA");
            assert!(line.contains("zone file not taken") && line.contains(&reason), "step {}: {line}", number + 1);
            refused += 1;
        }
        assert_eq!(zxfrd.wait_for_zone(&zone.name, Some(held)).unwrap(), held);
    }
    eprintln!("of {STEPS} steps of OISD's list {taken} were taken, {refused} refused");
    assert!(taken >= 3 && refused > 40, "{taken} taken, {refused} refused");
    tally::ran("history OisdSmall, serials that stand still");
}

/// Of the steps whose serial leaves 32 bits each is refused with its line and the reason, and no other.
#[test]
fn serials_of_oisd_beyond_32_bits_are_refused() {
    let Some(history) = History::open(Source::OisdSmall).unwrap() else { return };
    let mut beyond = 0;
    for step in history.steps() {
        let text = Text { soa: step.new_soa, records: BTreeSet::from(["rpz.test. 300 IN NS localhost."]) };
        let loaded = load_text(text.zone_file().as_bytes(), Path::new("oisd.zone"), &LoadOptions::default());
        if u32::try_from(step.to()).is_ok() {
            assert_eq!(u64::from(loaded.unwrap().version.serial().0), step.to());
            continue;
        }
        let error = loaded.unwrap_err().to_string();
        assert!(error.starts_with("oisd.zone:1:") && error.contains(&step.to().to_string()), "{error}");
        if beyond == 0 {
            eprintln!("{error}");
        }
        beyond += 1;
    }
    assert_eq!(beyond, 97);
    tally::ran("history OisdSmall, serials beyond 32 bits");
}

fn serial(text: &Text<'_>) -> u32 {
    text.serial().try_into().unwrap()
}
