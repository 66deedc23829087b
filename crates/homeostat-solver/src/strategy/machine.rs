use crate::continuous::Continuous;
use alloc::boxed::Box;

/// A search that asks for one point and waits for its value before it asks for the next.
pub trait Machine {
    /// Its name, for people.
    fn name(&self) -> &'static str;
    /// What it is doing, for people.
    fn phase(&self) -> &'static str;
    /// Points of the probe that it likes to begin with.
    fn startup(&self) -> u32 {
        0
    }
    /// The next point; the same until its value is told.
    fn ask(&mut self) -> &[f64];
    /// The value of the point that was asked.
    fn tell(&mut self, y: f64);
    /// A value at a point that was not asked for.
    fn observe(&mut self, x: &[f64], y: f64);
    /// The value that it expects at a point.
    fn predict(&self, x: &[f64]) -> f64;
    /// A copy that goes its own way.
    fn fork(&self) -> Box<dyn Machine>;
}

impl Machine for Continuous {
    fn name(&self) -> &'static str {
        "continuous"
    }
    fn phase(&self) -> &'static str {
        "refine"
    }
    fn ask(&mut self) -> &[f64] {
        Continuous::ask(self)
    }
    fn tell(&mut self, y: f64) {
        Continuous::tell(self, y);
    }
    fn observe(&mut self, x: &[f64], y: f64) {
        Continuous::observe(self, x, y);
    }
    fn predict(&self, x: &[f64]) -> f64 {
        Continuous::predict(self, x).0
    }
    fn fork(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}
