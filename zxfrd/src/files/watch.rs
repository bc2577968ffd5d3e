//! Which zone files have changed and rested since.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use zxfr_core::name::Name;

use super::stamp::Stamps;

/// Looks at the files of zones once in a while.
#[derive(Debug, Default)]
pub struct Watch {
    /// The files that differ from what was read, as they were found last, and since when they are so.
    changed: HashMap<Name, (Stamps, Instant)>,
}

impl Watch {
    /// How often files are to be looked at.
    pub const PERIOD: Duration = Duration::from_secs(1);
    /// How long a file has to be the same before it is read: whoever writes it is done then.
    pub const REST: Duration = Duration::from_secs(2);

    /// Whether the zone's file is to be read: it is not what was `read`, and has been what it is `now` long enough.
    pub fn look(&mut self, zone: &Name, read: &Stamps, found: Stamps, now: Instant) -> bool {
        if found == *read {
            self.changed.remove(zone);
            return false;
        }
        match self.changed.get(zone) {
            Some((before, since)) if *before == found => now.duration_since(*since) >= Self::REST,
            _ => {
                self.changed.insert(zone.clone(), (found, now));
                false
            }
        }
    }

    /// Forgets all zones but these.
    pub fn retain(&mut self, keep: impl Fn(&Name) -> bool) {
        self.changed.retain(|zone, _| keep(zone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zonefile::FileRead;
    use std::fs;

    #[test]
    fn a_file_is_read_once_it_has_rested() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("z");
        let write = |text: &str| {
            fs::write(&path, text).unwrap();
            Stamps::of(vec![FileRead { path: path.clone(), metadata: fs::metadata(&path).ok() }])
        };
        let zone: Name = "example.".parse().unwrap();
        let (mut watch, start) = (Watch::default(), Instant::now());
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        let first = write("1");
        assert!(!watch.look(&zone, &first, first.again(), at(0)));
        let mut look = |now: u64| watch.look(&zone, &first, first.again(), at(now));
        write("22");
        assert!(!look(10) && !look(20) && !look(29));
        write("333");
        assert!(!look(30) && !look(40) && !look(49), "it changed again");
        assert!(look(50));
        fs::remove_file(&path).unwrap();
        assert!(!look(60) && look(80), "that it is gone has to be told, too");
        let second = write("4");
        assert!(!watch.look(&zone, &second, second.again(), at(90)));
        assert!(watch.changed.is_empty());
        assert!(!watch.look(&zone, &first, second.again(), at(100)));
        watch.retain(|_| false);
        assert!(!watch.look(&zone, &first, second.again(), at(120)), "forgotten");
    }
}
