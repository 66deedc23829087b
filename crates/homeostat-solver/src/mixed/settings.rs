//! Numbers that were chosen by measurement.

/// See the fields.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Settings {
    pub length: f64,
    pub length_spread: f64,
    pub choice: f64,
    pub choice_spread: f64,
    pub noise: f64,
    pub noise_spread: f64,
    pub mix: f64,
    pub mix_spread: f64,
    pub gradients: f64,
    pub transform: f64,
    pub initial: f64,
    pub pool: f64,
    pub climbs: f64,
    pub climb_steps: f64,
    pub exploit: f64,
    pub mutate: f64,
    pub local: f64,
    pub acq: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            length: 0.4,
            length_spread: 1.0,
            choice: 1.0,
            choice_spread: 1.0,
            noise: 1e-3,
            noise_spread: 1.5,
            mix: -1.0,
            mix_spread: 1.0,
            gradients: 5.0,
            transform: 0.0,
            initial: 1.0,
            pool: 120.0,
            climbs: 3.0,
            climb_steps: 40.0,
            exploit: 4.0,
            mutate: 0.0,
            local: 0.5,
            acq: 0.0,
        }
    }
}

impl Settings {
    /// Sets one by its name.
    pub fn set(&mut self, name: &str, value: f64) {
        let field = match name {
            "length" => &mut self.length,
            "length_spread" => &mut self.length_spread,
            "choice" => &mut self.choice,
            "choice_spread" => &mut self.choice_spread,
            "noise" => &mut self.noise,
            "noise_spread" => &mut self.noise_spread,
            "mix" => &mut self.mix,
            "mix_spread" => &mut self.mix_spread,
            "gradients" => &mut self.gradients,
            "transform" => &mut self.transform,
            "initial" => &mut self.initial,
            "pool" => &mut self.pool,
            "climbs" => &mut self.climbs,
            "climb_steps" => &mut self.climb_steps,
            "exploit" => &mut self.exploit,
            "mutate" => &mut self.mutate,
            "local" => &mut self.local,
            "acq" => &mut self.acq,
            _ => return,
        };
        *field = value;
    }
}
