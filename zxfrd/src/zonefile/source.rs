//! Zone text from files, compressed or not.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const GZIP: &[u8] = b"\x1f\x8b";
const XZ: &[u8] = b"\xfd7zXZ\0";

/// The files that a zone is read from: those that were opened, or could not be.
#[derive(Debug, Default)]
pub struct Files(Mutex<Vec<FileRead>>);

/// A file that was opened, or could not be.
#[derive(Clone, Debug)]
pub struct FileRead {
    /// Where it is.
    pub path: PathBuf,
    /// What the system said of the file that was then read; nothing when it could not be opened.
    pub metadata: Option<Metadata>,
}

impl Files {
    /// The files so far, in the order of their opening.
    #[must_use]
    pub fn into_inner(self) -> Vec<FileRead> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, path: &Path, metadata: Option<Metadata>) {
        let read = FileRead { path: path.to_owned(), metadata };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(read);
    }
}

/// The text of a file, read piece by piece.
pub(super) struct Text {
    reader: Box<dyn Read + Send>,
    /// What the system said of the file when it was opened.
    pub(super) metadata: Metadata,
    /// How many octets the file has, when it is not compressed.
    expected: u64,
    octets: u64,
    max_octets: u64,
}

impl Text {
    /// Opens a file; gzip and xz are known by their magic octets. There may be at most `max_octets` of text.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn open(path: &Path, max_octets: u64) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Self::of(file, metadata, max_octets)
    }

    fn of(mut file: File, metadata: Metadata, max_octets: u64) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(XZ.len());
        file.by_ref().take(XZ.len() as u64).read_to_end(&mut magic)?;
        let (is_gzip, is_xz) = (magic.starts_with(GZIP), magic.starts_with(XZ));
        let whole = io::Cursor::new(magic).chain(file);
        let (reader, expected): (Box<dyn Read + Send>, u64) = if is_gzip {
            (Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::new(whole))), 0)
        } else if is_xz {
            (Box::new(liblzma::read::XzDecoder::new_multi_decoder(whole)), 0)
        } else {
            (Box::new(whole), metadata.len())
        };
        Ok(Self { reader, metadata, expected, octets: 0, max_octets })
    }

    /// Appends up to so many octets to `text`. Gives whether the end was reached.
    ///
    /// # Errors
    /// Those of the file system and of the decompressors; `FileTooLarge` when there is more text than may be.
    pub(super) fn read(&mut self, octets: usize, text: &mut Vec<u8>) -> io::Result<bool> {
        let read = self.reader.by_ref().take(octets as u64).read_to_end(text)?;
        self.octets += read as u64;
        if self.octets > self.max_octets {
            return Err(self.too_large());
        }
        Ok(read < octets)
    }

    /// Reads it whole.
    fn read_all(mut self) -> io::Result<Vec<u8>> {
        if self.expected > self.max_octets {
            return Err(self.too_large());
        }
        let mut text = Vec::with_capacity(usize::try_from(self.expected).map_or(0, |expected| expected + 1));
        let most = usize::try_from(self.max_octets.saturating_add(1)).unwrap_or(usize::MAX);
        self.read(most, &mut text)?;
        Ok(text)
    }

    fn too_large(&self) -> io::Error {
        let message = format!("the text is larger than the limit of {} octets", self.max_octets);
        io::Error::new(io::ErrorKind::FileTooLarge, message)
    }
}

/// Reads the whole text of a file. The file is noted in `files`.
///
/// # Errors
/// Those of [`Text::open`] and [`Text::read`].
pub(super) fn load(path: &Path, max_octets: u64, files: Option<&Files>) -> io::Result<Vec<u8>> {
    let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
    if let Some(files) = files {
        files.note(path, opened.as_ref().ok().map(|(_, metadata)| metadata.clone()));
    }
    let (file, metadata) = opened?;
    Text::of(file, metadata, max_octets)?.read_all()
}
