use super::read::malformed;
use super::{Feed, Line, Report, parse_input};
use crate::error::{Code, Error, Result};
use crate::tuning::{Config, Tuner};
use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::fmt;

/// Runs the decisions of a journal again from its recorded inputs, and compares every line.
#[derive(Default)]
pub struct Replay {
    feed: Feed,
    tuner: Option<Tuner>,
    knobs: Vec<String>,
    /// Lines produced and not yet compared.
    expected: VecDeque<String>,
    out: Vec<u8>,
}

impl Replay {
    /// A replay at the start of a journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes, in any pieces. After the first difference the rest is ignored.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut feed = core::mem::take(&mut self.feed);
        feed.push(bytes, |text, report| self.line(text, report));
        self.feed = feed;
    }

    /// The bytes that the decisions produced this time, as far as they were not taken before.
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    fn line(&mut self, text: &str, report: &mut Report) -> Result<()> {
        let line = Line::parse(text)?;
        if line.event == "start" {
            self.expect_nothing()?;
            let config = Config::from_json(&line.payload, Some(line.time_us))?;
            self.knobs = config.space.knobs().iter().map(|k| k.name.clone()).collect();
            self.tuner = Some(Tuner::new(config));
            report.runs += 1;
            self.collect();
        } else if let Some(input) = parse_input(&line, &self.knobs)? {
            self.expect_nothing()?;
            let Some(tuner) = &mut self.tuner else {
                return Err(malformed("replay needs a journal from the start of a run"));
            };
            tuner.replay(line.time_us, input);
            self.collect();
        }
        match self.expected.pop_front() {
            Some(again) if again == text => {
                report.entries += 1;
                Ok(())
            }
            Some(again) => Err(diverged(format_args!("replay gives {again}"))),
            None => Err(diverged("replay gives no entry here")),
        }
    }

    fn expect_nothing(&mut self) -> Result<()> {
        match self.expected.pop_front() {
            Some(missing) => {
                Err(diverged(format_args!("replay gives one more entry before this one: {missing}")))
            }
            None => Ok(()),
        }
    }

    fn collect(&mut self) {
        let Some(tuner) = &mut self.tuner else { return };
        let bytes = tuner.take_journal(usize::MAX);
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let text = core::str::from_utf8(line).unwrap_or_default();
            self.expected.push_back(text.strip_suffix('\n').unwrap_or(text).into());
        }
        self.out.extend_from_slice(&bytes);
    }

    /// Ends the journal.
    pub fn finish(mut self) -> Report {
        core::mem::take(&mut self.feed).finish(|| self.expect_nothing())
    }
}

fn diverged(what: impl fmt::Display) -> Error {
    Error::new(Code::JournalDiverged, format_args!("journal entry: {what}"))
}
