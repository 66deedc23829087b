use alloc::{collections::BTreeMap, vec::Vec};

/// What is known of one point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// Trials there that are open.
    pub open: Vec<u32>,
    /// Model values told there.
    pub told: u32,
    /// Their mean.
    pub mean: f64,
    /// Complete and feasible values.
    pub values: u32,
    /// Their mean.
    pub value: f64,
    /// Trial of the first of them.
    pub first: u32,
}

/// Whether two values of one point differ by more than rounding.
fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > 1e-12 * a.abs().max(b.abs())
}

/// Every point that was proposed or added, found by its values.
///
/// An ordered map: its iteration is deterministic, and a look-up costs the logarithm of the number of trials.
#[derive(Clone, Debug, Default)]
pub struct Places {
    map: BTreeMap<Vec<u64>, Place>,
}

fn key(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

impl Places {
    /// Distinct points.
    pub fn count(&self) -> u64 {
        self.map.len() as u64
    }

    /// What is known of the point with these values.
    pub fn get(&self, values: &[f64]) -> Option<&Place> {
        self.map.get(&key(values))
    }

    /// Forgets what was told, not where: the scale of what is told has changed.
    pub fn forget(&mut self) {
        self.map.values_mut().for_each(|place| (place.told, place.mean) = (0, 0.0));
    }

    /// A trial was opened.
    pub fn open(&mut self, values: &[f64], trial: u32) {
        self.map.entry(key(values)).or_default().open.push(trial);
    }

    /// A trial that may have been open has its outcome; `y` is what it is worth to a model.
    pub fn close(&mut self, values: &[f64], trial: u32, y: Option<f64>) {
        let place = self.map.entry(key(values)).or_default();
        place.open.retain(|t| *t != trial);
        if let Some(y) = y {
            place.told += 1;
            place.mean += (y - place.mean) / f64::from(place.told);
        }
    }

    /// A trial has a complete and feasible value. True or false where the point had one before: whether they differ.
    pub fn value(&mut self, values: &[f64], trial: u32, value: f64) -> Option<bool> {
        let place = self.map.entry(key(values)).or_default();
        let repeated = (place.values > 0).then(|| differ(place.value, value));
        if place.values == 0 {
            place.first = trial;
        }
        place.values += 1;
        // Divided first: a difference of extreme values may leave the finite numbers.
        let share = 1.0 / f64::from(place.values);
        place.value = place.value * (1.0 - share) + value * share;
        repeated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_collects_what_is_told_there() {
        let mut places = Places::default();
        places.open(&[1.0, 2.0], 0);
        places.open(&[1.0, 2.0], 1);
        places.close(&[1.0, 2.0], 0, Some(3.0));
        places.close(&[1.0, 2.0], 7, Some(5.0));
        places.close(&[1.0, 3.0], 8, None);
        let place = places.get(&[1.0, 2.0]).unwrap();
        assert_eq!((&place.open[..], place.told, place.mean), (&[1][..], 2, 4.0));
        assert_eq!((places.count(), places.get(&[1.0, 3.0]).unwrap().told), (2, 0));
        assert!(places.get(&[2.0, 1.0]).is_none());
        assert_eq!(places.value(&[1.0, 2.0], 7, 5.0), None);
        assert_eq!(places.value(&[1.0, 2.0], 9, 5.0), Some(false));
        assert_eq!(places.value(&[1.0, 2.0], 10, 8.0), Some(true));
        let place = places.get(&[1.0, 2.0]).unwrap();
        assert_eq!((place.values, place.value, place.first), (3, 6.0, 7));
    }
}
