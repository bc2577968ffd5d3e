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

    fn note(&self, path: &Path, metadata: Option<Metadata>) {
        let read = FileRead { path: path.to_owned(), metadata };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(read);
    }
}

/// Reads the whole text of a file; gzip and xz are known by their magic octets. The file is noted in `files`.
///
/// # Errors
/// Those of the file system and of the decompressors; `FileTooLarge` when there are more than `max_octets` of text.
pub(super) fn load(path: &Path, max_octets: u64, files: Option<&Files>) -> io::Result<Vec<u8>> {
    let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
    if let Some(files) = files {
        files.note(path, opened.as_ref().ok().map(|(_, metadata)| metadata.clone()));
    }
    let (mut file, metadata) = opened?;
    let length = metadata.len();
    let mut magic = Vec::with_capacity(XZ.len());
    file.by_ref().take(XZ.len() as u64).read_to_end(&mut magic)?;
    let head = magic.clone();
    let whole = head.as_slice().chain(file);
    if magic.starts_with(GZIP) {
        read_all(flate2::read::MultiGzDecoder::new(io::BufReader::new(whole)), 0, max_octets)
    } else if magic.starts_with(XZ) {
        read_all(liblzma::read::XzDecoder::new_multi_decoder(whole), 0, max_octets)
    } else {
        read_all(whole, length, max_octets)
    }
}

/// Reads to the end or to the limit.
fn read_all(reader: impl Read, expected: u64, max_octets: u64) -> io::Result<Vec<u8>> {
    let too_large = || {
        io::Error::new(io::ErrorKind::FileTooLarge, format!("the text is larger than the limit of {max_octets} octets"))
    };
    if expected > max_octets {
        return Err(too_large());
    }
    let mut text = Vec::with_capacity(usize::try_from(expected).map_or(0, |expected| expected + 1));
    reader.take(max_octets.saturating_add(1)).read_to_end(&mut text)?;
    if text.len() as u64 > max_octets {
        return Err(too_large());
    }
    Ok(text)
}
