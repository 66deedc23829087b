/// How much a service can take on, as it tells those upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything.
    Normal,
    /// Seven tenths.
    Degraded,
    /// Three tenths.
    Overloaded,
    /// A tenth.
    Emergency,
}

impl Level {
    const ALL: [Self; 4] = [Self::Normal, Self::Degraded, Self::Overloaded, Self::Emergency];

    /// Share of the usual load that is welcome.
    pub fn capacity(self) -> f64 {
        match self {
            Self::Normal => 1.0,
            Self::Degraded => 0.7,
            Self::Overloaded => 0.3,
            Self::Emergency => 0.1,
        }
    }

    fn of(index: usize) -> Self {
        Self::ALL.get(index).copied().unwrap_or(Self::Emergency)
    }
}

/// Load from which the second, third and fourth level begin.
const BEGIN: [f64; 3] = [0.5, 0.8, 0.95];
/// A level ends below this share of where it began, and when it was below for so long: one level at a time.
const END_SHARE: f64 = 0.8;
const END_AFTER_US: u64 = 1_000_000;

/// Follows a load (a queue's length over its depth, calls in flight over their limit) with hysteresis: up at once, and by as
/// many levels as it takes; down by one level after a second below four fifths of where the level began.
#[derive(Clone, Debug)]
pub struct Capacity {
    level: Level,
    /// Not better than this, whatever the load: what an operator or the cascade reflex says.
    floor: Level,
    below_since_us: Option<u64>,
}

impl Default for Capacity {
    fn default() -> Self {
        Self::new()
    }
}

impl Capacity {
    /// Normal.
    pub fn new() -> Self {
        Self { level: Level::Normal, floor: Level::Normal, below_since_us: None }
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.level.max(self.floor)
    }

    /// Share of the usual load that is welcome.
    pub fn capacity(&self) -> f64 {
        self.level().capacity()
    }

    /// The level is not better than `floor` from now on. True if that changes it.
    pub fn set_floor(&mut self, floor: Level) -> bool {
        let before = self.level();
        self.floor = floor;
        before != self.level()
    }

    /// Takes note of the load; NaN says nothing. True if the level changed.
    pub fn observe(&mut self, load: f64, now_us: u64) -> bool {
        let before = self.level();
        let reached = BEGIN.iter().filter(|begin| load >= **begin).count();
        let index = self.level as usize;
        if reached > index {
            self.level = Level::of(reached);
            self.below_since_us = None;
        } else if let Some(began) = index.checked_sub(1).and_then(|below| BEGIN.get(below)) {
            if load < END_SHARE * began {
                let since_us = *self.below_since_us.get_or_insert(now_us);
                if now_us.saturating_sub(since_us) >= END_AFTER_US {
                    self.level = Level::of(index - 1);
                    // The next level down begins its own second.
                    self.below_since_us = None;
                }
            } else if load >= END_SHARE * began {
                self.below_since_us = None;
            }
        }
        before != self.level()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn goes_up_at_once_and_comes_down_by_one_level_a_second() {
        let mut capacity = Capacity::new();
        assert!(!capacity.observe(0.499, 0));
        assert!(capacity.observe(0.5, 0));
        assert_eq!((capacity.level(), capacity.capacity()), (Level::Degraded, 0.7));
        assert!(capacity.observe(1.2, 1));
        assert_eq!((capacity.level(), capacity.capacity()), (Level::Emergency, 0.1));
        assert!(!capacity.observe(0.1, SECOND));
        assert!(!capacity.observe(0.1, 2 * SECOND - 1));
        assert!(capacity.observe(0.1, 2 * SECOND));
        assert_eq!((capacity.level(), capacity.capacity()), (Level::Overloaded, 0.3));
        assert!(!capacity.observe(0.1, 2 * SECOND));
        assert!(capacity.observe(0.1, 3 * SECOND));
        assert_eq!(capacity.level(), Level::Degraded);
    }

    #[test]
    fn a_load_about_the_limit_does_not_flap() {
        let mut capacity = Capacity::new();
        let changes =
            (0..100).filter(|&i| capacity.observe(if i % 2 == 0 { 0.51 } else { 0.45 }, i * SECOND)).count();
        assert_eq!(changes, 1);
    }

    #[test]
    fn a_floor_holds_and_nonsense_says_nothing() {
        let mut capacity = Capacity::new();
        assert!(capacity.set_floor(Level::Overloaded));
        assert!(!capacity.observe(f64::NAN, 0) && !capacity.observe(0.6, 0));
        assert_eq!(capacity.capacity(), 0.3);
        assert!(capacity.set_floor(Level::Normal));
        assert_eq!(capacity.level(), Level::Degraded);
    }

    proptest! {
        /// Never better than the load says, and down by one level at most, not sooner than a second after the change before.
        #[test]
        fn keeps_its_rules(steps in prop::collection::vec((0.0f64..1.2, 0u64..600_000), 0..200)) {
            let (mut capacity, mut now_us, mut changed_us) = (Capacity::new(), 0, 0);
            for (load, step_us) in steps {
                now_us += step_us;
                let before = capacity.level();
                let changed = capacity.observe(load, now_us);
                let now = capacity.level();
                prop_assert_eq!(changed, before != now);
                prop_assert!(now as usize >= BEGIN.iter().filter(|begin| load >= **begin).count());
                if now < before {
                    prop_assert_eq!(now as usize + 1, before as usize);
                    prop_assert!(now_us - changed_us >= END_AFTER_US);
                }
                if changed {
                    changed_us = now_us;
                }
            }
        }
    }
}
