use super::read::malformed;
use crate::error::{Code, Error, Result};
use crate::json::Writer;
use alloc::{string::String, vec::Vec};

/// Longest line that is read: a bound on memory, far above what is ever written.
const LINE_BYTES_MAX: usize = 1 << 20;

/// What was found, and where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Lines that were good.
    pub entries: u64,
    /// Runs that they belong to.
    pub runs: u64,
    /// The first line that was not (from 1), and why.
    pub problem: Option<(u64, Error)>,
}

impl Report {
    /// As JSON; `name` is the key of the problem.
    pub fn to_json(&self, name: &str) -> String {
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            w.key("ok").bool(self.problem.is_none());
            w.key("entries").uint(self.entries);
            w.key("runs").uint(self.runs);
            if let Some((line, error)) = &self.problem {
                w.key(name).object(|w| {
                    w.key("line").uint(*line);
                    w.key("code").str(error.code.as_str());
                    w.key("reason").str(&error.message);
                });
            }
        });
        out
    }
}

/// Cuts bytes that arrive in any pieces into lines, until one of them is not good.
#[derive(Clone, Debug, Default)]
pub(super) struct Feed {
    partial: Vec<u8>,
    number: u64,
    report: Report,
}

impl Feed {
    /// Hands each line that is finished to `take`, without its end. After the first problem the rest is ignored.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(&str, &mut Report) -> Result<()>) {
        if self.report.problem.is_none() {
            self.report.problem = self.lines(bytes, &mut take).err().map(|error| (self.number, error));
        }
    }

    fn lines(
        &mut self,
        mut bytes: &[u8],
        take: &mut dyn FnMut(&str, &mut Report) -> Result<()>,
    ) -> Result<()> {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.partial.extend_from_slice(line);
            bytes = rest.get(1..).unwrap_or_default();
            self.number += 1;
            let line = String::from_utf8(core::mem::take(&mut self.partial));
            take(&line.map_err(|_| malformed("not UTF-8"))?, &mut self.report)?;
        }
        self.partial.extend_from_slice(bytes);
        if self.partial.len() > LINE_BYTES_MAX {
            return Err(malformed(format_args!("longer than {LINE_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    /// Ends the journal: a last line that is not finished is a problem, and so is what `end` still misses.
    pub fn finish(mut self, end: impl FnOnce() -> Result<()>) -> Report {
        if self.report.problem.is_none() {
            let ended = if self.partial.is_empty() {
                end()
            } else {
                Err(Error::new(Code::JournalTruncated, "journal entry: the last line is not finished"))
            };
            self.report.problem = ended.err().map(|error| (self.number + 1, error));
        }
        self.report
    }
}
