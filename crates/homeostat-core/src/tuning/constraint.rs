/// What a constraint asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Demand {
    /// Nothing: satisfied, or not clear yet.
    Nothing,
    /// Optimisation waits: the constraint is being violated.
    Wait,
    /// Back off towards the anchor.
    BackOff,
    /// Roll back at once.
    RollBack,
}

/// A margin below this is rolled back at once.
const GRAVE: f64 = -0.5;
/// Violated windows, net of satisfied ones, that ask for a back-off.
const WINDOWS: f64 = 3.0;
/// Windows that a back-off gets to show its effect.
const REST: u32 = 8;

/// Watches the tightest constraint's margin, (limit - value) / |limit|: feasibility comes before optimisation.
#[derive(Clone, Debug, Default)]
pub struct ConstraintWatch {
    net: f64,
    rest: u32,
}

impl ConstraintWatch {
    /// One window; `None` without constraints.
    pub fn observe(&mut self, margin: Option<f64>) -> Demand {
        let Some(margin) = margin else { return Demand::Nothing };
        self.rest = self.rest.saturating_sub(1);
        self.net = (self.net + if margin < 0.0 { 1.0 } else { -1.0 }).clamp(0.0, WINDOWS);
        if self.rest > 0 {
            return if margin < 0.0 { Demand::Wait } else { Demand::Nothing };
        }
        if margin < GRAVE {
            self.rest = REST;
            return Demand::RollBack;
        }
        if self.net >= WINDOWS {
            self.net = 0.0;
            self.rest = REST;
            return Demand::BackOff;
        }
        if self.net >= 1.0 { Demand::Wait } else { Demand::Nothing }
    }

    /// What is added to the objective on the learning scale, so that where nothing feasible is known the way leads there.
    pub fn penalty(margin: Option<f64>) -> f64 {
        margin.map_or(0.0, |m| 4.0 * (-m).clamp(0.0, 0.5))
    }
}

#[cfg(test)]
#[test]
fn one_bad_window_waits_three_back_off_and_a_grave_one_rolls_back() {
    let mut watch = ConstraintWatch::default();
    assert_eq!(watch.observe(None), Demand::Nothing);
    assert_eq!(watch.observe(Some(-0.1)), Demand::Wait);
    assert_eq!(watch.observe(Some(0.1)), Demand::Nothing);
    assert_eq!([-0.1, -0.1, -0.1].map(|m| watch.observe(Some(m)))[2], Demand::BackOff);
    assert_eq!(watch.observe(Some(-0.9)), Demand::Wait, "the back-off may show its effect first");
    let mut fresh = ConstraintWatch::default();
    assert_eq!(fresh.observe(Some(-0.51)), Demand::RollBack);
}
