//! What tells a zone file that has changed from one that has not, without reading it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::zonefile::FileRead;

/// How coarse the times of a file system may be: a file that was changed within this of being read may have changed again
/// with the same time.
const GRAIN: Duration = Duration::from_secs(2);

/// What the system says of a zone file and of all that it includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamps(Vec<Stamp>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    /// Nothing when there is no such file, or it can't be looked at.
    state: Option<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    octets: u64,
    modified: (i64, i64),
    device: u64,
    inode: u64,
}

impl Stamps {
    /// Those of the files as they were when they were read.
    #[must_use]
    pub fn of(files: Vec<FileRead>) -> Self {
        let stamp =
            |FileRead { path, metadata }: FileRead| Stamp { path, state: metadata.map(|data| State::of(&data)) };
        Self(files.into_iter().map(stamp).collect())
    }

    /// Those of the same files now.
    #[must_use]
    pub fn again(&self) -> Self {
        let stamp = |Stamp { path, .. }: &Stamp| Stamp {
            state: fs::metadata(path).ok().map(|data| State::of(&data)),
            path: path.clone(),
        };
        Self(self.0.iter().map(stamp).collect())
    }

    /// Whether they are of the zone file at `path`.
    #[must_use]
    pub fn are_of(&self, path: &Path) -> bool {
        self.0.first().is_some_and(|stamp| stamp.path == path)
    }

    /// Whether files that were read at this time can't have changed since without another time of change.
    #[must_use]
    pub fn are_sure(&self, read: SystemTime) -> bool {
        let read = read.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.0.iter().filter_map(|stamp| stamp.state).all(|state| {
            let modified = Duration::from_secs(u64::try_from(state.modified.0).unwrap_or_default());
            modified + GRAIN < read
        })
    }
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self {
            octets: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::{self, LoadOptions};
    use crate::zonefile::Files;

    #[test]
    fn changes_of_the_file_and_of_what_it_includes_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("z"), "a. 5 SOA . . 1 2 3 4 5\n$INCLUDE i\n$INCLUDE none\n").unwrap();
        fs::write(path("i"), "a. 5 NS b.\n").unwrap();
        let files = Files::default();
        let options = LoadOptions { files: Some(&files), max_problems: 9, ..LoadOptions::default() };
        zone::load(&path("z"), &options).unwrap_err();
        let stamps = Stamps::of(files.into_inner());
        assert!(stamps.are_of(&path("z")) && !stamps.are_of(&path("i")));
        assert_eq!(stamps.again(), stamps);

        fs::write(path("none"), "").unwrap();
        let three = stamps.again();
        assert_ne!(three, stamps, "it is there now");
        fs::write(path("i"), "a. 5 NS bb.\n").unwrap();
        let other = three.again();
        assert_ne!(other, three, "another length");
        fs::write(path("new"), "a. 5 NS cc.\n").unwrap();
        fs::File::open(path("new"))
            .unwrap()
            .set_modified(fs::metadata(path("i")).unwrap().modified().unwrap())
            .unwrap();
        fs::rename(path("new"), path("i")).unwrap();
        assert_ne!(other.again(), other, "another file of the same length and time");
        fs::remove_file(path("z")).unwrap();
        assert_ne!(three.again(), three);
    }

    #[test]
    fn a_file_just_changed_may_change_again_unseen() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = FileRead { path: file.path().to_owned(), metadata: file.as_file().metadata().ok() };
        let stamps = Stamps::of(vec![read]);
        let now = SystemTime::now();
        assert!(!stamps.are_sure(now));
        assert!(stamps.are_sure(now + Duration::from_secs(4)));
    }
}
