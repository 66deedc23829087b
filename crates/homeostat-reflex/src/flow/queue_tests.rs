use super::*;
use proptest::prelude::*;

/// The naive oracle: a list in the order of arrival, searched from end to end.
struct Naive {
    config: QueueConfig,
    /// Item, tier, arrival, deadline.
    items: Vec<(u64, u32, u64, u64)>,
}

impl Naive {
    fn effective(&self, index: usize, now_us: u64) -> u32 {
        let (_, tier, enqueued_us, _) = self.items[index];
        let risen = (now_us - enqueued_us).checked_div(self.config.age_us).unwrap_or(0);
        (i64::from(tier) - risen as i64).max(0) as u32
    }

    fn admit(&mut self, tier: u32, deadline_us: u64, now_us: u64) -> Result<(Option<u64>, bool), Refused> {
        if deadline_us <= now_us {
            return Err(Refused::DeadlinePassed);
        }
        if self.items.len() < self.config.depth as usize {
            return Ok((None, false));
        }
        let all = 0..self.items.len();
        let key = |&i: &usize| (self.effective(i, now_us), self.items[i].2, self.items[i].1, i);
        let victim = all.max_by_key(key).unwrap();
        if self.effective(victim, now_us) > tier {
            return Ok((Some(self.items.remove(victim).0), false));
        }
        match (tier, self.items.len() < (self.config.depth + self.config.emergency_max) as usize) {
            (EMERGENCY, true) => Ok((None, true)),
            (EMERGENCY, false) => Err(Refused::HardBound),
            _ => Err(Refused::Full),
        }
    }

    fn take(&mut self, now_us: u64) -> Option<Taken> {
        let key = |&i: &usize| (self.effective(i, now_us), self.items[i].2, self.items[i].1, i);
        let first = (0..self.items.len()).min_by_key(key)?;
        let (item, _, _, deadline_us) = self.items.remove(first);
        Some(if deadline_us <= now_us { Taken::Expired(item) } else { Taken::Start(item) })
    }
}

proptest! {
    #[test]
    fn agrees_with_the_naive_queue(
        config in (1u32..12, 0u32..4, prop::sample::select(vec![0u64, 10, 300])),
        steps in prop::collection::vec((0u8..6, 0u32..6, 0u64..40, 0u64..60, any::<prop::sample::Index>()), 0..400),
    ) {
        let config = QueueConfig { depth: config.0, emergency_max: config.1, age_us: config.2 };
        let (mut queue, mut naive) = (Queue::new(config), Naive { config, items: Vec::new() });
        let (mut now_us, mut gone) = (0, Vec::new());
        for (what, tier, step_us, patience_us, which) in steps {
            now_us += step_us / 4;
            match what {
                0..=2 => {
                    let deadline_us = if patience_us > 40 { u64::MAX } else { now_us + patience_us };
                    let got = queue.enqueue(tier, deadline_us, now_us);
                    let wanted = naive.admit(tier.min(4), deadline_us, now_us);
                    prop_assert_eq!(got.map(|e| (e.evicted, e.over_depth)), wanted);
                    if let Ok(enqueued) = got {
                        naive.items.push((enqueued.item, tier.min(4), now_us, deadline_us));
                        gone.extend(enqueued.evicted);
                    }
                }
                3 if !naive.items.is_empty() => {
                    let index = which.index(naive.items.len());
                    let item = naive.items.remove(index).0;
                    prop_assert!(queue.cancel(item));
                    gone.push(item);
                }
                _ => {
                    let taken = queue.take(now_us);
                    prop_assert_eq!(taken, naive.take(now_us));
                    gone.extend(taken.map(|taken| match taken { Taken::Start(item) | Taken::Expired(item) => item }));
                }
            }
            prop_assert_eq!(queue.len() as usize, naive.items.len());
            for tier in 0..TIERS as u32 {
                prop_assert_eq!(queue.len_of(tier) as usize, naive.items.iter().filter(|item| item.1 == tier).count());
            }
            prop_assert!(queue.items.len() <= (config.depth + config.emergency_max) as usize);
            prop_assert!(gone.iter().all(|&item| !queue.clone().cancel(item)));
        }
    }
}

#[test]
fn an_item_is_no_larger_than_stated() {
    assert!(size_of::<Item>() <= 48, "{}", size_of::<Item>());
}

#[test]
fn the_youngest_of_the_lowest_tier_makes_room_and_emergencies_always_fit() {
    let mut queue = Queue::new(QueueConfig { emergency_max: 1, ..QueueConfig::with_depth(3) });
    let mut add = |tier, now_us| queue.enqueue(tier, u64::MAX, now_us);
    let first = add(4, 0).unwrap().item;
    let second = add(4, 1).unwrap().item;
    add(2, 2).unwrap();
    assert_eq!(add(4, 3), Err(Refused::Full), "nobody is below background");
    assert_eq!(add(3, 4).unwrap().evicted, Some(second));
    assert_eq!(add(1, 5).unwrap().evicted, Some(first));
    assert!(add(0, 6).unwrap().evicted.is_some());
    assert!(add(0, 7).unwrap().evicted.is_some());
    assert!(add(0, 8).unwrap().evicted.is_some());
    let over = add(0, 9).unwrap();
    assert!(over.over_depth && over.evicted.is_none());
    assert_eq!(add(0, 10), Err(Refused::HardBound));
    assert_eq!(add(1, 10), Err(Refused::Full));
}

#[test]
fn what_waits_five_minutes_rises_a_tier_at_that_moment() {
    let mut queue = Queue::new(QueueConfig::default());
    let old = queue.enqueue(3, u64::MAX, 0).unwrap().item;
    let young = queue.enqueue(2, u64::MAX, 1).unwrap().item;
    assert_eq!(queue.clone().take(299_999_999), Some(Taken::Start(young)));
    assert_eq!(queue.take(300_000_000), Some(Taken::Start(old)));
}

#[test]
fn background_work_is_started_under_a_flood_of_better_tiers() {
    let mut queue = Queue::new(QueueConfig { age_us: 100, ..QueueConfig::with_depth(1000) });
    let waiting = queue.enqueue(4, u64::MAX, 0).unwrap().item;
    let started = (1..1000).find(|&now_us| {
        queue.enqueue(0, u64::MAX, now_us).unwrap();
        queue.enqueue(1, u64::MAX, now_us).unwrap();
        queue.take(now_us) == Some(Taken::Start(waiting))
    });
    // Four rises, and then it stands behind the emergencies that came before it: none.
    assert_eq!(started, Some(400));
}
