use super::read::malformed;
use super::{Chain, Feed, Line, Report};
use crate::error::{Code, Error, Result};
use crate::json::{Json, Number};
use alloc::string::String;
use core::fmt;

/// Checks that no line of a journal was edited, removed or inserted.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    feed: Feed,
    chain: Chain,
    run: Option<(String, u64)>,
}

impl Verifier {
    /// A verifier at the start of a journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes, in any pieces. After the first problem the rest is ignored.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut feed = core::mem::take(&mut self.feed);
        feed.push(bytes, |text, report| self.line(text, report));
        self.feed = feed;
    }

    fn line(&mut self, text: &str, report: &mut Report) -> Result<()> {
        let (body, hash) = Chain::split(text).ok_or_else(|| malformed("does not end in its hash"))?;
        let line = Line::parse(text)?;
        if line.event == "start" {
            let previous = line.payload.get("previous").and_then(Json::str);
            let chain = previous.map_or(Ok(Chain::default()), Chain::after)?;
            if report.runs > 0 && previous.is_some() && chain != self.chain {
                return Err(broken("this run does not continue the one before it"));
            }
            self.chain = chain;
            self.run = Some((line.run_id.clone(), 0));
            report.runs += 1;
        } else if report.runs == 0 && report.entries == 0 {
            // A segment from the middle of a run: its first line is taken on trust, the rest has to follow from it.
            self.chain = Chain::after(hash)?;
            self.run = Some((line.run_id, line.seq + 1));
            report.runs = 1;
            report.entries = 1;
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
        report.entries += 1;
        Ok(())
    }

    /// Ends the journal. A last line that is not finished is a problem of its own.
    pub fn finish(self) -> Report {
        self.feed.finish(|| Ok(()))
    }
}

fn broken(what: impl fmt::Display) -> Error {
    Error::new(Code::JournalBroken, format_args!("journal entry: {what}"))
}
