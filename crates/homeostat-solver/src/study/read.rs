use super::{ALGORITHM, FORMAT, Outcome, Study, VERSION};
use crate::config::Config;
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::journal::Chain;
use homeostat_core::json::{Fields, Json, WHOLE_MAX};

/// Longest line that is read: a bound on memory, above what is ever written.
const LINE_BYTES_MAX: usize = 1 << 22;

/// Restores a study from its log, fed in pieces.
///
/// The log is replayed. Where this build's algorithm wrote it, what is proposed has to be what was proposed then; where
/// another one did, its proposals are taken as they are and its results as observations, and the restored log says from where
/// on this build proposes.
#[derive(Default)]
pub struct StudyReader {
    partial: Vec<u8>,
    line: u64,
    chain: Chain,
    study: Option<Study>,
    /// After a problem nothing more is read.
    problem: Option<Error>,
}

impl StudyReader {
    /// At the start of a log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes in any cut. The error names the line; after it every call gives the same error.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if self.problem.is_none() {
            let at = |error: Error, line: u64| {
                let message = format!("study log, line {line}: {}", error.message);
                error.saying(message)
            };
            self.problem = self.lines(bytes).err().map(|error| at(error, self.line));
        }
        self.problem.clone().map_or(Ok(()), Err)
    }

    /// Bytes of the partial last line that were left out.
    pub fn dropped(&self) -> usize {
        self.partial.len()
    }

    /// The study; a partial last line is left out. Its log goes on where the whole lines ended.
    pub fn finish(&mut self) -> Result<Study> {
        self.push(&[])?;
        let mut study = self.study.take().ok_or_else(|| malformed("the log has no whole line"))?;
        study.log.echo = None;
        study.log.chain = self.chain.clone();
        if core::mem::take(&mut study.facts_only) {
            study.log.resume();
            study.resume();
        }
        self.problem = Some(malformed("the study was taken from this reader already"));
        Ok(study)
    }

    fn lines(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.partial.extend_from_slice(line);
            bytes = &rest[1..];
            self.line += 1;
            let text = core::mem::take(&mut self.partial);
            let text = String::from_utf8(text).map_err(|_| malformed("not UTF-8"))?;
            self.line(&text)?;
        }
        self.partial.extend_from_slice(bytes);
        if self.partial.len() > LINE_BYTES_MAX {
            self.line += 1;
            return Err(malformed(&format!("longer than {LINE_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    fn line(&mut self, text: &str) -> Result<()> {
        let (body, hash) = Chain::split(text).ok_or_else(|| malformed("does not end in its hash"))?;
        let json = Json::parse(text).map_err(|e| malformed(&e.message))?;
        if self.study.is_none() {
            // Before its hash: a newer form may hash otherwise.
            newer(&json)?;
        }
        if !self.chain.check(body, hash) {
            return Err(Error::new(
                Code::StudyBroken,
                "its hash does not follow from the line before: something was edited, removed or inserted",
            ));
        }
        let Some(study) = &mut self.study else {
            self.study = Some(header(&json, body)?);
            return Ok(());
        };
        study.replay(&json)?;
        match &study.log.echo {
            Some(echo) if echo == body => Ok(()),
            _ if json.get("ask").is_some() && !study.facts_only => Err(diverged()),
            _ => Err(malformed("not in the form in which it is written")),
        }
    }
}

fn malformed(what: &str) -> Error {
    Error::new(Code::StudyMalformed, what)
}

fn diverged() -> Error {
    Error::new(Code::StudyDiverged, "the recorded proposal does not follow from the lines before it")
}

/// Refuses what a newer build wrote.
fn newer(json: &Json) -> Result<()> {
    if json.get("format").and_then(Json::str) != Some(FORMAT) {
        return Err(malformed(&format!("expected the header of a study (\"format\":\"{FORMAT}\")")));
    }
    let mut fields = Fields::new(json, Code::StudyMalformed, "");
    let version = fields.whole("version", 1.0, WHOLE_MAX);
    fields.finish()?;
    if version > u64::from(VERSION) {
        let message = format_args!("version {version} is newer than this build reads ({VERSION})");
        return Err(Error::new(Code::StudyNewer, message));
    }
    Ok(())
}

fn header(json: &Json, body: &str) -> Result<Study> {
    let mut fields = Fields::new(json, Code::StudyMalformed, "");
    let algorithm = fields.whole("algorithm", 0.0, WHOLE_MAX);
    let config = fields.get("config");
    fields.finish()?;
    let mut study = Study::from_config(Config::from_json(config).map_err(|e| malformed(&e.message))?);
    study.log.echo = Some(String::new());
    study.log.header(&study.config);
    study.facts_only = algorithm != u64::from(ALGORITHM);
    if !study.facts_only && study.log.echo.as_deref() != Some(body) {
        return Err(malformed("not in the form in which it is written"));
    }
    Ok(study)
}

impl Study {
    /// Does again what a line says.
    fn replay(&mut self, json: &Json) -> Result<()> {
        let event = |name: &str| json.get(name);
        if let Some(resume) = event("resume") {
            let mut fields = Fields::new(resume, Code::StudyMalformed, "resume.");
            let algorithm = fields.whole("algorithm", 0.0, WHOLE_MAX);
            fields.finish()?;
            self.facts_only = algorithm != u64::from(ALGORITHM);
            self.log.resume_of(algorithm);
            self.resume();
            return Ok(());
        }
        let (name, body) = ["ask", "tell", "add"]
            .into_iter()
            .find_map(|name| event(name).map(|body| (name, body)))
            .ok_or_else(|| malformed("expected ask, tell, add or resume"))?;
        let mut fields = Fields::new(body, Code::StudyMalformed, "");
        let trial = fields.whole("trial", 0.0, f64::from(super::TRIALS_MAX)) as u32;
        let outcome = if name == "ask" { None } else { Some(Outcome::read(body, &mut fields)) };
        let values = if name == "tell" {
            Vec::new()
        } else {
            self.config.space.read_params(fields.get("params")).map_err(|e| malformed(&e.message))?
        };
        fields.finish()?;
        match outcome {
            None if self.facts_only => {
                let unit = self.config.space.to_unit(&values);
                self.open_trial(values, unit, false);
            }
            None => _ = self.ask().ok_or_else(diverged)?,
            Some(outcome) if name == "tell" => {
                _ = self.tell(trial, outcome).map_err(|e| malformed(&e.message))?
            }
            Some(outcome) => _ = self.add(&values, outcome).map_err(|e| malformed(&e.message))?,
        }
        Ok(())
    }

    /// Goes on from results of another algorithm.
    fn resume(&mut self) {
        self.probed = self.probe_end.min(self.trials.len() as u32);
        self.repeats.look_again_after(self.told.len());
        self.relearn();
    }
}
