//! Witnesses: the evidence for what was done about a cascade, in numbers and in plain words.

use crate::breaker::describe;
use crate::cascade::{CascadeConfig, Opens};
use crate::component::Components;
use crate::names::NAME_BYTES_MAX;
use alloc::{collections::VecDeque, format, string::String, vec::Vec};
use core::mem::size_of;
use homeostat_core::json::{Number, Writer};

/// Most witnesses that are kept.
pub const WITNESSES_MAX: usize = 64;
/// What one of them takes at most: for each of 32 components its state in words, and its name where it is affected, in the chain
/// (with the one it blames) and among the opened.
pub const WITNESS_BYTES_MAX: usize = size_of::<Witness>()
    + 3 * NAME_BYTES_MAX
    + Witness::DESCRIBED_MAX
        * (size_of::<Affected>() + size_of::<Link>() + size_of::<String>() + 4 * NAME_BYTES_MAX + 512);

/// One component when the cascade was found.
#[derive(Clone, Debug)]
struct Affected {
    name: String,
    calls: u32,
    error_rate: f64,
    p99_us: f64,
    queue_depth: f64,
    breaker: &'static str,
    /// Nobody calls it here, so its breaker says nothing.
    remote: bool,
    /// The breaker's numbers, as members in JSON.
    detail: String,
}

/// A step from the symptoms to the cause.
#[derive(Clone, Debug)]
pub struct Link {
    /// Who failed.
    pub component: String,
    /// When it began to.
    pub at_us: u64,
    /// Whom it calls that failed too; empty where there is none.
    pub blames: String,
}

/// What was found, what was decided, and on what evidence.
///
/// Bound: 32 components are described, and 32 named as opened; `WITNESS_BYTES_MAX`.
#[derive(Clone, Debug)]
pub struct Witness {
    /// From 1.
    pub number: u64,
    /// When it was found.
    pub at_us: u64,
    /// Name of the component whose error made it a cascade.
    pub trigger: String,
    /// Name of the likely root cause.
    pub root: String,
    /// How many components are affected.
    pub affected: usize,
    /// How many there are.
    pub total: usize,
    described: Vec<Affected>,
    /// From the latest symptom back to the likely root cause; times never rise.
    pub chain: Vec<Link>,
    opened: Vec<String>,
    /// How many breakers were opened.
    pub opened_count: usize,
    /// Affected components whose breakers were open already.
    pub open_already: u32,
    /// Affected components that only other processes call.
    pub spared_elsewhere: u32,
    /// Affected entries, whose breakers stay closed.
    pub spared_entries: u32,
    /// Affected components whose breakers stay closed since enough are open.
    pub spared_by_cap: u32,
    /// Load of this tier and above is shed.
    pub shed_from_tier: u32,
    /// How many more components joined later.
    pub joined: usize,
    /// When it was over.
    pub recovered_us: Option<u64>,
    config: CascadeConfig,
}

impl Witness {
    /// Most components that one witness describes.
    pub const DESCRIBED_MAX: usize = 32;

    /// An empty one.
    pub fn new(number: u64, at_us: u64, config: &CascadeConfig) -> Self {
        Self {
            number,
            at_us,
            trigger: String::new(),
            root: String::new(),
            affected: 0,
            total: 0,
            described: Vec::new(),
            chain: Vec::new(),
            opened: Vec::new(),
            opened_count: 0,
            open_already: 0,
            spared_elsewhere: 0,
            spared_entries: 0,
            spared_by_cap: 0,
            shed_from_tier: crate::cascade::TIERS,
            joined: 0,
            recovered_us: None,
            config: *config,
        }
    }

    /// Adds the present state of a component.
    pub fn describe(&mut self, components: &mut Components, slot: usize, now_us: u64) {
        if self.described.len() >= Self::DESCRIBED_MAX {
            return;
        }
        let name = String::from(components.name_at(slot));
        let Some(component) = components.get_mut(slot) else { return };
        let tally = component.vitals.tally(now_us);
        let mut detail = String::new();
        describe(&mut Writer::new(&mut detail), &mut component.breaker, now_us);
        self.described.push(Affected {
            name,
            calls: tally.calls,
            error_rate: tally.failure_rate(),
            p99_us: component.vitals.p99_us(now_us),
            queue_depth: component.vitals.queue_depth,
            breaker: component.breaker.name(),
            remote: component.remote,
            detail,
        });
    }

    /// The breaker of this one was opened.
    pub fn opened(&mut self, name: &str) {
        self.opened_count += 1;
        if self.opened.len() < Self::DESCRIBED_MAX {
            self.opened.push(String::from(name));
        }
    }

    /// As members of an object.
    pub fn write(&self, w: &mut Writer) {
        w.key("witness").uint(self.number);
        w.key("time_us").uint(self.at_us);
        w.key("trigger").str(&self.trigger);
        w.key("root_cause").str(&self.root);
        w.key("components").uint(self.total as u64);
        w.key("affected_count").uint(self.affected as u64);
        w.key("affected").array(|w| {
            for one in &self.described {
                w.object(|w| {
                    w.key("component").str(&one.name);
                    w.key("calls").uint(one.calls.into());
                    w.key("error_rate").num(one.error_rate);
                    w.key("p99_us").num(one.p99_us);
                    w.key("queue_depth").num(one.queue_depth);
                    w.key("breaker").object(|w| w.raw(&one.detail));
                });
            }
        });
        w.key("chain").array(|w| {
            for link in &self.chain {
                w.object(|w| {
                    w.key("component").str(&link.component);
                    w.key("time_us").uint(link.at_us);
                    if !link.blames.is_empty() {
                        w.key("blames").str(&link.blames);
                    }
                });
            }
        });
        w.key("decision").str(self.decision());
        w.key("action").object(|w| {
            w.key("opened").array(|w| self.opened.iter().for_each(|name| w.str(name)));
            w.key("opened_count").uint(self.opened_count as u64);
            w.key("shed_from_tier").uint(self.shed_from_tier.into());
        });
        w.key("joined").uint(self.joined as u64);
        match self.recovered_us {
            Some(us) => w.key("recovered_us").uint(us),
            None => w.key("recovered_us").null(),
        }
        w.key("words").str(&self.words());
    }

    fn decision(&self) -> &'static str {
        if self.opened.is_empty() { "shed" } else { "open-and-shed" }
    }

    /// In plain words.
    pub fn words(&self) -> String {
        let config = &self.config;
        let seconds = |us: u64| Number(libm::round(us as f64 / 1e4) / 100.0);
        let percent = |share: f64| Number(libm::round(share * 1000.0) / 10.0);
        let mut text = format!(
            "{} of {} components fail together: at least {} % of their calls within {} s. ",
            self.affected,
            self.total,
            percent(config.error_rate),
            seconds(config.window_us),
        );
        let root = self.described.first();
        if let Some(root) = root {
            text.push_str(&format!(
                "The likely root cause is {}: {} % of {} calls failed, its p99 is {} ms{}{}. ",
                root.name,
                percent(root.error_rate),
                root.calls,
                Number(libm::round(root.p99_us / 100.0) / 10.0),
                if root.remote { "" } else { " and its breaker was " },
                if root.remote { "" } else { root.breaker },
            ));
        }
        for link in self.chain.iter().rev().skip(1).filter(|link| !link.blames.is_empty()) {
            let later_us = link.at_us.saturating_sub(self.chain.last().map_or(0, |root| root.at_us));
            text.push_str(&format!(
                "{} calls {} and began to fail {} s after the root cause. ",
                link.component,
                link.blames,
                seconds(later_us),
            ));
        }
        if self.opened.is_empty() {
            text.push_str("No breaker was opened");
        } else {
            text.push_str("The breakers of ");
            text.push_str(&self.opened.join(", "));
            if self.opened_count > self.opened.len() {
                text.push_str(&format!(" and {} more", self.opened_count - self.opened.len()));
            }
            text.push_str(" were opened");
        }
        if self.open_already > 0 {
            text.push_str(&format!(", {} were open already", self.open_already));
        }
        if self.spared_by_cap > 0 {
            let share = percent(config.max_open_share);
            text.push_str(&format!(
                ", {} more were not, since at most {share} % may be open",
                self.spared_by_cap
            ));
        }
        if self.spared_entries > 0 {
            text.push_str(", those where requests enter stay closed");
        }
        if self.spared_elsewhere > 0 {
            text.push_str(", what only other processes call has its breaker there");
        }
        if config.opens == Opens::Nothing {
            text.push_str(", as was configured");
        }
        text.push_str(&format!("; load from tier {} on is shed.", self.shed_from_tier));
        if self.joined > 0 {
            text.push_str(&format!(" {} more components joined later.", self.joined));
        }
        if let Some(us) = self.recovered_us {
            text.push_str(&format!(" It was over after {} s.", seconds(us.saturating_sub(self.at_us))));
        }
        text
    }
}

/// The latest witnesses.
#[derive(Clone, Debug, Default)]
pub struct Witnesses {
    all: VecDeque<Witness>,
}

impl Witnesses {
    /// Keeps one more, in place of the oldest.
    pub fn push(&mut self, witness: Witness) {
        if self.all.len() == WITNESSES_MAX {
            self.all.pop_front();
        }
        self.all.push_back(witness);
    }

    /// The one of this number.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut Witness> {
        self.all.iter_mut().find(|witness| witness.number == number)
    }

    /// The latest of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Witness> {
        self.all.iter()
    }
}
