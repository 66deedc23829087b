//! Time in slices, for a machine that others use too: `--slice <seconds>` works for so long after every line on the standard input, and
//! says how far it is before it waits for the next one. Without, nothing waits.

use crate::arguments::Arguments;
use std::time::{Duration, Instant};

/// Time in slices that somebody else hands out.
pub struct Slices {
    each: Option<Duration>,
    until: Option<Instant>,
}

impl Slices {
    pub fn new(arguments: &Arguments) -> Result<Self, String> {
        let seconds = arguments.number("slice", 0)?;
        Ok(Self { each: (seconds > 0).then(|| Duration::from_secs(seconds)), until: None })
    }

    /// Waits for the next slice where this one is over.
    pub fn pass(&mut self, at: &str) -> Result<(), String> {
        let Some(each) = self.each else { return Ok(()) };
        if self.until.is_none_or(|until| Instant::now() >= until) {
            println!("{at}");
            let mut line = String::new();
            let read = std::io::stdin().read_line(&mut line).map_err(|e| e.to_string())?;
            if read == 0 {
                return Err(format!("{at}: no slice is left"));
            }
            self.until = Some(Instant::now() + each);
        }
        Ok(())
    }

    /// What comes next waits for a slice of its own.
    pub fn end(&mut self, at: &str) -> Result<(), String> {
        self.until = None;
        self.pass(at)
    }
}
