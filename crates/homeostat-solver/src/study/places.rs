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
    /// Sum of the squared differences from the mean.
    pub squares: f64,
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
    pub fn len(&self) -> u64 {
        self.map.len() as u64
    }

    /// What is known of the point with these values.
    pub fn get(&self, values: &[f64]) -> Option<&Place> {
        self.map.get(&key(values))
    }

    /// Forgets what was told, not where: the scale of what is told has changed.
    pub fn forget(&mut self) {
        self.map.values_mut().for_each(|place| (place.told, place.mean, place.squares) = (0, 0.0, 0.0));
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
            let d = y - place.mean;
            place.mean += d / f64::from(place.told);
            place.squares += d * (y - place.mean);
        }
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
        assert_eq!(*place, Place { open: vec![1], told: 2, mean: 4.0, squares: 2.0 });
        assert_eq!((places.len(), places.get(&[1.0, 3.0]).unwrap().told), (2, 0));
        assert!(places.get(&[2.0, 1.0]).is_none());
    }
}
