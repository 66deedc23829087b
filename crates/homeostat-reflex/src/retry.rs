//! Retries that cannot make an outage worse: a budget that every call fills a little and every retry empties by one, and
//! delays with full jitter.
//!
//! Bound: a few words.

use homeostat_core::error::{Code, Result};
use homeostat_core::json::{Fields, Json};
use homeostat_core::real::clamp;
use homeostat_core::rng::Rng;

/// Options of a `Retry`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryConfig {
    /// Attempts of one call, the first included, 1 to 100. Default 3.
    pub attempts: u32,
    /// Longest delay before the first retry, 0 to a day. Default 100 ms.
    pub base_us: u64,
    /// Longest delay before any, `base_us` to a day. Default 10 s, or `base_us` where that is longer.
    pub max_us: u64,
    /// Retries that a call pays for, 0 to 1. Default 0.1: at most a tenth more load in the long run.
    pub budget_ratio: f64,
    /// Retries that are paid for by time alone, per second, 0 to 1e6. Default 1: a quiet service can retry too.
    pub budget_per_s: f64,
    /// Most retries that can be saved up, 1 to 1e6. Default 10.
    pub budget_max: f64,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            attempts: 3,
            base_us: 100_000,
            max_us: 10_000_000,
            budget_ratio: 0.1,
            budget_per_s: 1.0,
            budget_max: 10.0,
            seed: 0,
        }
    }
}

const DAY_US: f64 = 86_400e6;

impl RetryConfig {
    /// From JSON text: an object whose members are the options above; empty text is the default.
    pub fn parse(text: &str) -> Result<Self> {
        let mut config = Self::default();
        if text.is_empty() {
            return Ok(config);
        }
        let json = Json::parse(text)?;
        let mut fields = Fields::new(&json, Code::InvalidOption, "retry.");
        let Json::Obj(members) = &json else {
            fields.refuse("", "expected an object");
            return fields.finish().map(|()| config);
        };
        for (key, _) in members {
            match key.as_str() {
                "attempts" => config.attempts = fields.whole(key, 1.0, 100.0) as u32,
                "base_us" => config.base_us = fields.whole(key, 0.0, DAY_US),
                "max_us" => {}
                "budget_ratio" => config.budget_ratio = fields.within(key, 0.0, 1.0),
                "budget_per_s" => config.budget_per_s = fields.within(key, 0.0, 1e6),
                "budget_max" => config.budget_max = fields.within(key, 1.0, 1e6),
                "seed" => config.seed = fields.whole(key, 0.0, 9_007_199_254_740_991.0),
                _ => fields.refuse(key, "is not an option"),
            }
        }
        config.max_us = match json.get("max_us") {
            Some(_) => fields.whole("max_us", config.base_us as f64, DAY_US),
            None => config.max_us.max(config.base_us),
        };
        fields.finish().map(|()| config)
    }
}

/// Why a call is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRetry {
    /// It was tried as often as it may be.
    Attempts,
    /// Too much is being retried already.
    Budget,
}

/// Decides whether and when calls are tried again. Times are those of a `Clock`: they never run backwards.
#[derive(Clone, Debug)]
pub struct Retry {
    config: RetryConfig,
    tokens: f64,
    filled_us: u64,
    rng: Rng,
}

impl Retry {
    /// With a full budget.
    pub fn new(config: RetryConfig, now_us: u64) -> Self {
        Self { config, tokens: config.budget_max, filled_us: now_us, rng: Rng::new(config.seed) }
    }

    /// Retries that could be made now.
    pub fn budget(&self) -> f64 {
        self.tokens
    }

    fn fill(&mut self, tokens: f64) {
        self.tokens = clamp(self.tokens + tokens, 0.0, self.config.budget_max);
    }

    /// A call was made for the first time.
    pub fn called(&mut self) {
        self.fill(self.config.budget_ratio);
    }

    /// Attempt number `attempt` (from 1) failed: how long to wait before the next, anywhere from 0 to the longest delay.
    pub fn failed(&mut self, attempt: u32, now_us: u64) -> core::result::Result<u64, NoRetry> {
        let passed_s = now_us.saturating_sub(self.filled_us) as f64 * 1e-6;
        self.filled_us = self.filled_us.max(now_us);
        self.fill(passed_s * self.config.budget_per_s);
        if attempt >= self.config.attempts {
            return Err(NoRetry::Attempts);
        }
        if self.tokens < 1.0 {
            return Err(NoRetry::Budget);
        }
        self.tokens -= 1.0;
        let doublings = attempt.saturating_sub(1).min(63);
        let longest_us = self.config.base_us.saturating_mul(1 << doublings).min(self.config.max_us);
        let unit = (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        Ok((unit * (longest_us as f64 + 1.0)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_fill_the_whole_range_and_double() {
        let config = RetryConfig { attempts: 100, budget_max: 1e6, ..RetryConfig::default() };
        let mut retry = Retry::new(config, 0);
        for (attempt, longest_us) in
            [(1, 100_000), (2, 200_000), (3, 400_000), (8, 10_000_000), (99, 10_000_000)]
        {
            let delays: Vec<u64> = (0..2000).map(|_| retry.failed(attempt, 0).unwrap()).collect();
            let (low, high) = (*delays.iter().min().unwrap(), *delays.iter().max().unwrap());
            assert!(high <= longest_us && high as f64 > 0.99 * longest_us as f64, "{attempt}: {high}");
            assert!((low as f64) < 0.01 * longest_us as f64, "{attempt}: {low}");
        }
        assert_eq!(retry.failed(100, 0), Err(NoRetry::Attempts));
    }

    #[test]
    fn an_outage_costs_a_tenth_more_load() {
        let config = RetryConfig { budget_per_s: 0.0, ..RetryConfig::default() };
        let mut retry = Retry::new(config, 0);
        let mut retries = 0;
        for call in 0..10_000u64 {
            retry.called();
            retries += u64::from(retry.failed(1, call).is_ok());
        }
        assert!((1000..=1010).contains(&retries), "{retries}");
        assert_eq!(retry.failed(1, 10_000), Err(NoRetry::Budget));
    }

    #[test]
    fn time_alone_pays_for_some_and_a_clock_that_steps_back_for_none() {
        let config = RetryConfig { budget_ratio: 0.0, budget_max: 1.0, ..RetryConfig::default() };
        let mut retry = Retry::new(config, 5_000_000);
        assert!(retry.failed(1, 5_000_000).is_ok());
        assert_eq!(retry.failed(1, 0), Err(NoRetry::Budget));
        assert_eq!(retry.failed(1, 5_999_999), Err(NoRetry::Budget));
        assert!(retry.failed(1, 6_000_001).is_ok());
    }

    #[test]
    fn options_are_checked() {
        for (text, wanted) in [
            (r#"{"attempts":0}"#, "retry.attempts: expected 1 to 100, got 0"),
            (r#"{"base_us":500,"max_us":400}"#, "retry.max_us: expected 500 to 86400000000, got 400"),
            (r#"{"tries":2}"#, "retry.tries: is not an option"),
        ] {
            assert_eq!(RetryConfig::parse(text).unwrap_err().message, wanted);
        }
        assert_eq!(RetryConfig::parse("").unwrap(), RetryConfig::default());
    }
}
