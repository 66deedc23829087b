use super::read::malformed;
use super::{Chain, Line};
use crate::error::{Code, Error, Result};
use crate::json::{Json, Number, Writer};
use alloc::{string::String, vec::Vec};
use core::fmt;

/// Longest line that is read: a bound on memory, far above what is ever written.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;

/// Cuts bytes that arrive in any pieces into lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    number: u64,
}

impl Lines {
    /// The next line that is finished, without its end, taken from the front of `bytes`; `None` when these are used up.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<String>> {
        let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
            self.partial.extend_from_slice(bytes);
            *bytes = &[];
            if self.partial.len() > LINE_BYTES_MAX {
                return Err(malformed(format_args!("longer than {LINE_BYTES_MAX} bytes")));
            }
            return Ok(None);
        };
        let (line, rest) = bytes.split_at(end);
        self.partial.extend_from_slice(line);
        *bytes = rest.get(1..).unwrap_or_default();
        self.number += 1;
        let line = core::mem::take(&mut self.partial);
        String::from_utf8(line).map(Some).map_err(|_| malformed("not UTF-8"))
    }

    pub fn number(&self) -> u64 {
        self.number
    }

    pub fn has_rest(&self) -> bool {
        !self.partial.is_empty()
    }
}

/// What was found, and where.
#[derive(Clone, Debug, PartialEq)]
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

/// Checks that no line of a journal was edited, removed or inserted.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    lines: Lines,
    chain: Chain,
    run: Option<(String, u64)>,
    entries: u64,
    runs: u64,
    problem: Option<(u64, Error)>,
}

impl Verifier {
    /// A verifier at the start of a journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes, in any pieces. After the first problem the rest is ignored.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.problem.is_none() {
            self.problem = self.lines(bytes).err().map(|error| (self.lines.number(), error));
        }
    }

    fn lines(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(line) = self.lines.next(&mut bytes)? {
            self.line(&line)?;
        }
        Ok(())
    }

    fn line(&mut self, text: &str) -> Result<()> {
        let (body, hash) = Chain::split(text).ok_or_else(|| malformed("does not end in its hash"))?;
        let line = Line::parse(text)?;
        if line.event == "start" {
            let previous = line.payload.get("previous").and_then(Json::str);
            let chain = previous.map_or(Ok(Chain::default()), Chain::after)?;
            if self.runs > 0 && previous.is_some() && chain != self.chain {
                return Err(broken("this run does not continue the one before it"));
            }
            self.chain = chain;
            self.run = Some((line.run_id.clone(), 0));
            self.runs += 1;
        } else if self.runs == 0 && self.entries == 0 {
            // A segment from the middle of a run: its first line is taken on trust, the rest has to follow from it.
            self.chain = Chain::after(hash)?;
            self.run = Some((line.run_id, line.seq + 1));
            self.runs = 1;
            self.entries = 1;
            return Ok(());
        }
        let Some((run_id, next)) = &mut self.run else { return Err(broken("no run has started")) };
        if *run_id != line.run_id || *next != line.seq {
            return Err(broken(format_args!(
                "expected entry {} of run {run_id}, got {} of {}",
                Number(*next as f64),
                Number(line.seq as f64),
                line.run_id
            )));
        }
        *next += 1;
        if !self.chain.check(body, hash) {
            return Err(broken("its hash does not follow from the entries before it"));
        }
        self.entries += 1;
        Ok(())
    }

    /// Ends the journal. A last line that is not finished is a problem of its own.
    pub fn finish(mut self) -> Report {
        if self.problem.is_none() && self.lines.has_rest() {
            let error = Error::new(Code::JournalTruncated, "journal entry: the last line is not finished");
            self.problem = Some((self.lines.number() + 1, error));
        }
        Report { entries: self.entries, runs: self.runs, problem: self.problem }
    }
}

fn broken(what: impl fmt::Display) -> Error {
    Error::new(Code::JournalBroken, format_args!("journal entry: {what}"))
}
