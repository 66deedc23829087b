use super::{Capacity, Level, TIERS};

/// Decides by tier who is let in at all: everything while normal, no background when degraded, nothing below normal when
/// overloaded, emergencies and strategic work in an emergency. Counts what it sheds.
#[derive(Clone, Debug, Default)]
pub struct Shedder {
    capacity: Capacity,
    shed: [u64; TIERS],
}

impl Shedder {
    /// One that admits everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of the load; true if the level changed. See `Capacity::observe`.
    pub fn observe(&mut self, load: f64, now_us: u64) -> bool {
        self.capacity.observe(load, now_us)
    }

    /// See `Capacity::set_floor`.
    pub fn set_floor(&mut self, floor: Level) -> bool {
        self.capacity.set_floor(floor)
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.capacity.level()
    }

    /// Tiers from this one on are shed; 5: none is.
    pub fn sheds_from(&self) -> u32 {
        match self.level() {
            Level::Normal => TIERS as u32,
            Level::Degraded => super::BACKGROUND,
            Level::Overloaded => super::EXPERIMENTAL,
            Level::Emergency => super::NORMAL,
        }
    }

    /// Whether this tier is let in; counted if it is not. What is not a tier is background.
    pub fn admit(&mut self, tier: u32) -> bool {
        let tier = tier.min(TIERS as u32 - 1);
        let admitted = tier < self.sheds_from();
        if !admitted && let Some(count) = self.shed.get_mut(tier as usize) {
            *count = count.saturating_add(1);
        }
        admitted
    }

    /// What was shed, by tier.
    pub fn shed(&self) -> &[u64; TIERS] {
        &self.shed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheds_from_the_lowest_tier_up_and_counts() {
        let mut shedder = Shedder::new();
        for (load, admitted) in [(0.0, 5), (0.5, 4), (0.8, 3), (0.95, 2)] {
            shedder.observe(load, 0);
            assert_eq!((0..5).filter(|&tier| shedder.admit(tier)).count(), admitted, "at {load}");
        }
        assert_eq!(shedder.shed(), &[0, 0, 1, 2, 3]);
        assert!(!shedder.admit(99));
        assert_eq!(shedder.shed()[4], 4);
    }
}
