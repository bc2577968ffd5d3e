//! Text that is written whole or not at all, and the options that say how.

use std::fs::{self, Permissions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::{NamedTempFile, SpooledTempFile};

use super::Format;
use crate::zonefile::Writer;

/// What becomes of what a command gets: the arguments that all commands share which print records.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(super) struct Options {
    /// Writes to this file instead of standard output: beside it first, then in its place
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How records are printed; of a delta, each JSON object begins with "op": "-" or "+"
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Says on standard error what it was, how much and how fast
    #[arg(long)]
    pub(super) stats: bool,
}

impl Options {
    /// Refuses what doesn't go together; in words.
    pub(super) fn check(&self) -> Result<(), String> {
        match (&self.output, self.format) {
            (Some(_), Format::None) => Err("with --format none there is nothing to write to a file".to_owned()),
            _ => Ok(()),
        }
    }

    /// What takes the records, if they are to be printed.
    pub(super) fn writer(&self) -> io::Result<Option<Writer<Spool>>> {
        let Some(format) = self.format.of_text() else { return Ok(None) };
        Ok(Some(Writer::new(Spool::new(self.output.as_deref())?, format)))
    }
}

/// Up to this many octets of text wait in memory for the end of the transfer; more go to a temporary file.
const IN_MEMORY: usize = 64 << 20;

/// Where text waits until it is known to be whole. Dropped before [`Spool::deliver`], it leaves nothing behind.
pub(crate) enum Spool {
    /// For a file: another file beside it, which takes its place.
    Beside(NamedTempFile, PathBuf),
    /// For standard output, or for what is no regular file.
    Waiting(SpooledTempFile, Option<PathBuf>),
}

impl Spool {
    /// Waits for the file at `path`; for standard output without one.
    pub(crate) fn new(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Waiting(SpooledTempFile::new(IN_MEMORY), None));
        };
        let about = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        // A link stays a link: the file it leads to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let permissions = match fs::metadata(&target) {
            Ok(there) if there.is_dir() => {
                return Err(about(io::Error::new(io::ErrorKind::IsADirectory, "is a folder")));
            }
            // A pipe or device can't be replaced.
            Ok(there) if !there.is_file() => {
                return Ok(Self::Waiting(SpooledTempFile::new(IN_MEMORY), Some(target)));
            }
            Ok(there) => there.permissions(),
            Err(_) => Permissions::from_mode(0o666),
        };
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(".zxfr-").permissions(permissions).tempfile_in(folder).map_err(about)?;
        Ok(Self::Beside(file, target))
    }

    /// Puts the text where it belongs.
    pub(crate) fn deliver(self) -> io::Result<()> {
        match self {
            Self::Beside(file, path) => {
                let about = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
                file.as_file().sync_all().map_err(about)?;
                file.persist(&path).map_err(|error| about(error.error))?;
                Ok(())
            }
            Self::Waiting(mut spooled, to) => {
                spooled.rewind()?;
                let copied = match to {
                    Some(path) => fs::File::options()
                        .write(true)
                        .open(path)
                        .and_then(|mut file| io::copy(&mut spooled, &mut file)),
                    None => {
                        let mut out = io::stdout().lock();
                        io::copy(&mut spooled, &mut out).and_then(|octets| out.flush().map(|()| octets))
                    }
                };
                match copied {
                    // Whoever reads has seen enough.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                    other => other.map(|_| ()),
                }
            }
        }
    }
}

impl Write for Spool {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Beside(file, _) => file.write(octets),
            Self::Waiting(spooled, _) => spooled.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Beside(file, _) => file.flush(),
            Self::Waiting(spooled, _) => spooled.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zone");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();

        let mut dropped = Spool::new(Some(&path)).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");

        let mut whole = Spool::new(Some(&path)).unwrap();
        whole.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        whole.deliver().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_and_devices_are_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut spool = Spool::new(Some(&link)).unwrap();
        spool.write_all(b"new").unwrap();
        spool.deliver().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");

        let mut null = Spool::new(Some(Path::new("/dev/null"))).unwrap();
        null.write_all(b"gone").unwrap();
        null.deliver().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn what_cannot_be_written_is_said_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let error = Spool::new(Some(folder.path())).err().unwrap();
        assert!(error.to_string().contains("is a folder"), "{error}");
        let missing = folder.path().join("none").join("zone");
        let error = Spool::new(Some(&missing)).err().unwrap();
        assert!(error.to_string().contains("none/zone"), "{error}");
    }
}
