//! Local random search: a uniform candidate within one maximum delta of the incumbent.

use super::literal::Executor;
use super::trial::{Sampler, Trial};
use crate::Setting;
use crate::rng::Rng;

pub struct RandomSearch;

impl Sampler for RandomSearch {
    fn propose(&mut self, incumbent: &Setting, _: &[Trial], executor: &Executor, rng: &mut Rng) -> Setting {
        let mut candidate = *incumbent;
        for value in &mut candidate[..executor.knobs()] {
            *value = (*value + executor.limits().max_delta * rng.symmetric()).clamp(0.0, 1.0);
        }
        candidate
    }
}
