//! The library's file, that processes share.
//!
//! Lines are appended, each batch in one write; lines of several processes interleave whole. A file that has grown by facts that
//! later ones replaced is written anew beside it and renamed over it, by one process at a time (`<file>.lock`); what others appended
//! meanwhile is carried over, and who wrote to the old file after that notices and writes to the new one. What a crash left in the middle of a line is a damaged line, and ends with the next append.

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
    /// Which file that is.
    of: (u64, u64),
    /// From this size on it is looked at for facts that were replaced.
    look_at: u64,
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
        Ok(Self { path, read: 0, of: (0, 0), look_at: COMPACT_BYTES })
    }

    /// Takes what was appended since this was last asked, by whomever.
    pub fn refresh(&mut self, library: &mut Library) -> Result<Found> {
        let reading = library.read(&self.news()?);
        let (taken, damaged, other_version) = (reading.taken, reading.damaged, reading.other_version);
        Ok(Found { taken, damaged, other_version })
    }

    /// Whole lines that were appended since this was last asked, by whomever.
    pub fn news(&mut self) -> Result<Vec<u8>> {
        let fail = |e| failed(&self.path, e);
        let mut file = File::open(&self.path).map_err(fail)?;
        let (size, of) = (file.metadata().map_err(fail)?.len(), id(&file).map_err(fail)?);
        if size < self.read || of != self.of {
            // It was written anew: all of it.
            (self.read, self.of) = (0, of);
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.read)).map_err(fail)?;
        file.read_to_end(&mut bytes).map_err(fail)?;
        // The rest of a line that is being written comes next time.
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        bytes.truncate(whole);
        self.read += whole as u64;
        Ok(bytes)
    }

    /// Appends lines, in one write. Where another process wrote the file anew between the moment it was opened and the write, the lines
    /// went to the old one, and are written once more: a fact that is said twice says the same.
    pub fn append(&mut self, lines: &str) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        while !self.try_to_append(lines)? {}
        Ok(())
    }

    /// Whether what was written is in the file that has the name now.
    fn try_to_append(&mut self, lines: &str) -> Result<bool> {
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
        file.write_all(text.as_bytes()).map_err(fail)?;
        let there = File::open(&self.path).map_err(fail)?;
        Ok(id(&file).map_err(fail)? == id(&there).map_err(fail)?)
    }

    /// Whether the file is so large that it is looked at for facts that were replaced.
    pub fn is_large(&self) -> Result<bool> {
        let size = std::fs::metadata(&self.path).map_err(|e| failed(&self.path, e))?.len();
        Ok(size >= self.look_at)
    }

    /// Writes the file anew where less than half of it still says something.
    pub fn compact(&mut self, library: &mut Library) -> Result<bool> {
        let path = self.path.clone();
        let fail = |e| failed(&path, e);
        let size = std::fs::metadata(&self.path).map_err(fail)?.len();
        if size < self.look_at {
            return Ok(false);
        }
        let Some(_lock) = Lock::take(&self.path) else { return Ok(false) };
        let mut old = File::open(&self.path).map_err(fail)?;
        self.refresh(library)?;
        let lines = library.all_lines();
        if lines.len() as u64 * 2 > size {
            // Most of it still says something: it is looked at again when it has grown by half.
            self.look_at = size + size / 2;
            return Ok(false);
        }
        let beside = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut new = File::create(&beside).map_err(fail)?;
        let written = new.write_all(lines.as_bytes()).and_then(|()| new.sync_all());
        // What was appended meanwhile, before and after the new file gets the name; who writes to the old one from then on notices.
        let carried = written.and_then(|()| carry(&mut old, self.read, &mut new));
        let renamed = carried.and_then(|at| std::fs::rename(&beside, &self.path).map(|()| at));
        let at = renamed.map_err(fail)?;
        if cfg!(not(unix)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut late = File::options().append(true).open(&self.path).map_err(fail)?;
        carry(&mut old, at, &mut late).map_err(fail)?;
        self.of = id(&new).map_err(fail)?;
        // All of it is known; what others appended is read again.
        self.read = lines.len() as u64;
        self.look_at = COMPACT_BYTES.max(self.read * 2);
        Ok(true)
    }
}

/// Copies what a file has from `at` on; where it ended.
fn carry(from: &mut File, at: u64, to: &mut File) -> std::io::Result<u64> {
    let mut bytes = Vec::new();
    from.seek(SeekFrom::Start(at))?;
    from.read_to_end(&mut bytes)?;
    to.write_all(&bytes)?;
    Ok(at + bytes.len() as u64)
}

/// What tells a file from the one that gets its name later.
#[cfg(unix)]
fn id(file: &File) -> std::io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map(|own| (own.dev(), own.ino()))
}

/// Elsewhere a file that is open cannot be replaced.
#[cfg(not(unix))]
fn id(_: &File) -> std::io::Result<(u64, u64)> {
    Ok((0, 0))
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
