//! The library's file, that processes share.
//!
//! Lines are appended, each batch in one write; lines of several processes interleave whole. A file that has grown by facts that
//! later ones replaced is written anew beside it and renamed over it, by one process at a time (`<file>.lock`); what others appended
//! meanwhile is carried over. What a crash left in the middle of a line is a damaged line, and ends with the next append.

use crate::library::Library;
use homeostat_core::error::{Code, Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes above which a file is looked at for facts that were replaced.
const COMPACT_BYTES: u64 = 1 << 20;
/// A lock that is older was left by a crash.
const LOCK_MAX: Duration = Duration::from_secs(30);

/// A library's file.
pub struct Store {
    path: PathBuf,
    /// Bytes that were read, or written here, of the file as it is now.
    read: u64,
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::new(Code::InvalidOption, format!("library '{}': {error}", path.display()))
}

/// What was found in a library's file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Facts that were taken.
    pub taken: u64,
    /// Lines that are damaged.
    pub damaged: u64,
    /// Lines of another version.
    pub other_version: u64,
}

impl Store {
    /// A library's file, which need not be there yet.
    pub fn open(path: PathBuf) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| failed(&path, e))?;
        }
        let file = OpenOptions::new().append(true).create(true).open(&path);
        file.map(drop).map_err(|e| failed(&path, e))?;
        Ok(Self { path, read: 0 })
    }

    /// Takes what was appended since this was last asked, by whomever.
    pub fn refresh(&mut self, library: &mut Library) -> Result<Found> {
        let fail = |e| failed(&self.path, e);
        let mut file = File::open(&self.path).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        if size < self.read {
            // It was written anew: all of it.
            self.read = 0;
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.read)).map_err(fail)?;
        file.read_to_end(&mut bytes).map_err(fail)?;
        // The rest of a line that is being written comes next time.
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let reading = library.read(&bytes[..whole]);
        self.read += whole as u64;
        let (taken, damaged, other_version) = (reading.taken, reading.damaged, reading.other_version);
        Ok(Found { taken, damaged, other_version })
    }

    /// Appends lines, in one write.
    pub fn append(&mut self, lines: &str) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let fail = |e| failed(&self.path, e);
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(&self.path).map_err(fail)?;
        let mut text = String::new();
        let size = file.metadata().map_err(fail)?.len();
        if size > 0 {
            let mut last = [0];
            file.seek(SeekFrom::Start(size - 1)).map_err(fail)?;
            file.read_exact(&mut last).map_err(fail)?;
            if last[0] != b'\n' {
                text.push('\n');
            }
        }
        text.push_str(lines);
        file.write_all(text.as_bytes()).map_err(fail)
    }

    /// Writes the file anew where less than half of it still says something.
    pub fn compact(&mut self, library: &mut Library) -> Result<bool> {
        let path = self.path.clone();
        let fail = |e| failed(&path, e);
        let size = std::fs::metadata(&self.path).map_err(fail)?.len();
        if size < COMPACT_BYTES {
            return Ok(false);
        }
        let Some(_lock) = Lock::take(&self.path) else { return Ok(false) };
        let mut old = File::open(&self.path).map_err(fail)?;
        self.refresh(library)?;
        let lines = library.all_lines();
        if lines.len() as u64 * 2 > size {
            return Ok(false);
        }
        let beside = self.path.with_extension(format!("{}.new", std::process::id()));
        let written =
            File::create(&beside).and_then(|mut f| f.write_all(lines.as_bytes()).and_then(|()| f.sync_all()));
        written.and_then(|()| std::fs::rename(&beside, &self.path)).map_err(fail)?;
        // Who had the old file open a moment ago may have written to it after it was read.
        std::thread::sleep(Duration::from_millis(20));
        let mut late = String::new();
        old.seek(SeekFrom::Start(self.read)).map_err(fail)?;
        let tail = old.read_to_string(&mut late);
        self.read = lines.len() as u64;
        if tail.is_ok() {
            self.append(&late)?;
        }
        Ok(true)
    }
}

/// A file that is there while one process writes the library anew.
struct Lock(PathBuf);

impl Lock {
    fn take(path: &Path) -> Option<Self> {
        let lock = path.with_extension("lock");
        let stale = std::fs::metadata(&lock).and_then(|m| m.modified()).ok().and_then(|t| t.elapsed().ok());
        if stale.is_some_and(|age| age > LOCK_MAX) {
            let _ = std::fs::remove_file(&lock);
        }
        OpenOptions::new().write(true).create_new(true).open(&lock).ok().map(|_| Self(lock))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
