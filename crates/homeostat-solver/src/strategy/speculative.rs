use super::machine::Machine;
use super::{Seen, Strategy, View};
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};

/// Known points that a machine asks for one after the other and is told again, before the study takes another way out. Fewer
/// where knobs are real numbers: a machine that has come to rest there does not move on.
const REPEATS_MAX: usize = 200;
const REPEATS_MAX_REAL: usize = 16;
/// Speculative points that are remembered; older ones that were told are forgotten first.
const SPARE_MAX: usize = 64;
/// Pending points that a copy of the machine is told predictions for; the earlier ones are too many to matter.
const PENDING_MAX: usize = 64;

/// A point that was handed out before the machine had asked for it.
struct Spare {
    unit: Vec<f64>,
    y: Option<f64>,
}

/// Lets a machine that waits for one value have any number of points open.
///
/// The committed machine waits for the value of its own point. Further points come from a copy of it, which is told the
/// machine's prediction for everything that is pending. When the committed machine later asks for such a point itself, as it
/// does where its next points do not depend on values, it gets the value that came or waits for that trial. What a copy asked
/// for and the machine did not still counts as an observation.
pub struct Speculative {
    machine: Box<dyn Machine>,
    /// The committed machine's point, handed out and not told.
    own: Option<Vec<f64>>,
    /// A copy that has been told predictions up to its last point.
    ahead: Option<Box<dyn Machine>>,
    spare: VecDeque<Spare>,
}

/// What is to be done about a point that a machine asks for.
enum Next {
    HandOut,
    Wait,
    Tell(f64),
}

impl Speculative {
    pub fn new(machine: Box<dyn Machine>) -> Self {
        Self { machine, own: None, ahead: None, spare: VecDeque::new() }
    }

    fn next(&self, unit: &[f64], view: &View) -> Next {
        if let Some(spare) = self.spare.iter().find(|spare| spare.unit == unit) {
            return spare.y.map_or(Next::Wait, Next::Tell);
        }
        match view.seen(unit) {
            Seen::New => Next::HandOut,
            Seen::Open => Next::Wait,
            Seen::Told(y) => Next::Tell(y),
            Seen::Worthless => Next::Tell(self.machine.predict(unit)),
        }
    }

    /// The committed machine's next point, if it may be handed out.
    fn commit(&mut self, view: &View) -> Option<Vec<f64>> {
        let repeats_max = if view.is_finite() { REPEATS_MAX } else { REPEATS_MAX_REAL };
        for _ in 0..repeats_max {
            let unit = self.machine.ask().to_vec();
            match self.next(&unit, view) {
                Next::Tell(y) => self.machine.tell(y),
                Next::HandOut => {
                    self.own = Some(unit.clone());
                    return Some(unit);
                }
                Next::Wait => {
                    self.own = Some(unit);
                    return None;
                }
            }
        }
        None
    }

    /// A copy of the machine that believes to know what is pending.
    fn fork(&self, own: &[f64], view: &View) -> Box<dyn Machine> {
        let mut ahead = self.machine.fork();
        let pending: Vec<&[f64]> = view.pending().filter(|unit| *unit != own).collect();
        for unit in &pending[pending.len().saturating_sub(PENDING_MAX)..] {
            let y = self.machine.predict(unit);
            ahead.observe(unit, y);
        }
        ahead.ask();
        ahead.tell(self.machine.predict(own));
        ahead
    }

    /// A point beyond what is pending.
    fn look_ahead(&mut self, view: &View) -> Option<Vec<f64>> {
        let own = self.own.clone()?;
        let mut ahead = self.ahead.take().unwrap_or_else(|| self.fork(&own, view));
        for _ in 0..REPEATS_MAX {
            let unit = ahead.ask().to_vec();
            let (y, fresh) = match self.next(&unit, view) {
                Next::HandOut => (ahead.predict(&unit), unit != own),
                Next::Wait => (ahead.predict(&unit), false),
                Next::Tell(y) => (y, false),
            };
            ahead.tell(y);
            if fresh {
                self.remember(unit.clone());
                self.ahead = Some(ahead);
                return Some(unit);
            }
        }
        None
    }

    fn remember(&mut self, unit: Vec<f64>) {
        if self.spare.len() >= SPARE_MAX {
            let told = self.spare.iter().position(|spare| spare.y.is_some()).unwrap_or(0);
            self.spare.remove(told);
        }
        self.spare.push_back(Spare { unit, y: None });
    }
}

impl Strategy for Speculative {
    fn name(&self) -> &'static str {
        self.machine.name()
    }

    fn phase(&self) -> &'static str {
        self.machine.phase()
    }

    fn startup(&self) -> u32 {
        self.machine.startup()
    }

    fn ask(&mut self, view: &View) -> Option<Vec<f64>> {
        if self.own.is_none()
            && let Some(unit) = self.commit(view)
        {
            return Some(unit);
        }
        self.look_ahead(view)
    }

    fn tell(&mut self, unit: &[f64], y: f64) {
        self.ahead = None;
        if self.own.as_deref() == Some(unit) {
            self.own = None;
            self.spare.retain(|spare| spare.unit != unit);
            self.machine.tell(y);
            return;
        }
        if let Some(spare) = self.spare.iter_mut().find(|spare| spare.y.is_none() && spare.unit == unit) {
            spare.y = Some(y);
        }
        self.machine.observe(unit, y);
    }
}
