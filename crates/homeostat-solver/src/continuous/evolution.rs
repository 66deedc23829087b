//! Active CMA-ES that evaluates only as much of each generation as its quadratic model is unsure of (lq-CMA-ES, Hansen 2019).

use super::model::{Datum, Fit, Prior};
use super::quadratic::Surface;
use super::rank::kendall_tau;
use super::restart::restart;
use super::step::{Region, step};
use super::{Move, Phase, Search, room};
use crate::linear::{Eigen, Square, add_scaled, difference, dot, norm, scale};
use crate::order::ascending;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use homeostat_core::real::clamp;

/// How many of the newest points the model must rank rightly, and how well.
const RANKED: usize = 15;
const TAU: f64 = 0.85;
/// The share of the points, from the best, that the model is fitted to.
const FITTED: f64 = 0.75;
const PRIOR: Prior = Prior { constant: 100.0, linear: 100.0, square: 1.0, cross: 0.3 };

#[derive(Clone, Debug)]
pub(crate) struct Evolution {
    mean: Vec<f64>,
    sigma: f64,
    covariance: Square,
    path_sigma: Vec<f64>,
    path_covariance: Vec<f64>,
    generation: u32,
    /// (1 - c_σ)^(2 generation), for the start of the path.
    path_decay: f64,
    /// None between two generations.
    current: Option<Generation>,
    lowest: f64,
    /// After each generation: evaluations told, and the lowest value of the strategy so far.
    progress: Vec<(usize, f64)>,
    /// The lowest value of each of the last generations.
    history: Vec<f64>,
}

#[derive(Clone, Debug)]
struct Generation {
    frame: Frame,
    points: Vec<Vec<f64>>,
    values: Vec<Option<f64>>,
    /// By rank in the model.
    order: Vec<usize>,
    evaluated: usize,
    /// The model is asked again after this many evaluations.
    review_at: usize,
    asked: usize,
    model: Option<Surface>,
}

/// The square root of the covariance: C = Bᵀ D² B.
#[derive(Clone, Debug)]
struct Frame {
    /// The rows are the principal axes.
    axes: Square,
    /// D⁻¹ B: takes a step to one of the unit normal distribution.
    whitening: Square,
    lengths: Vec<f64>,
}

impl Frame {
    fn new(covariance: &Square) -> Option<Self> {
        let eigen = Eigen::new(covariance)?;
        let lengths: Vec<f64> = eigen.values.iter().map(|value| libm::sqrt(value.max(1e-300))).collect();
        let mut whitening = eigen.vectors.clone();
        for (i, length) in lengths.iter().enumerate() {
            scale(whitening.row_mut(i), 1.0 / length);
        }
        Some(Self { axes: eigen.vectors, whitening, lengths })
    }

    fn extremes(&self) -> (f64, f64) {
        self.lengths
            .iter()
            .fold((f64::INFINITY, 0.0), |(least, most), &length| (least.min(length), most.max(length)))
    }

    fn sample(&self, search: &mut Search) -> Vec<f64> {
        let z: Vec<f64> = self.lengths.iter().map(|length| length * search.chance.normal()).collect();
        self.axes.apply_transposed(&z)
    }
}

/// The constants of the strategy (Hansen, "The CMA evolution strategy: a tutorial", 2016).
struct Rates {
    weights: Vec<f64>,
    parents: usize,
    selected: f64,
    c_sigma: f64,
    damping: f64,
    c_path: f64,
    c_one: f64,
    c_mu: f64,
    chi: f64,
}

impl Rates {
    fn new(n: usize) -> Self {
        let lambda = population(n);
        let (n, size) = (n as f64, lambda as f64);
        let parents = lambda / 2;
        let raw: Vec<f64> =
            (1..=lambda).map(|i| libm::log((size + 1.0) / 2.0) - libm::log(i as f64)).collect();
        let effective = |w: &[f64]| {
            let sum: f64 = w.iter().sum();
            sum * sum / dot(w, w)
        };
        let (selected, rejected) = (effective(&raw[..parents]), effective(&raw[parents..]));
        let c_one = 2.0 / ((n + 1.3) * (n + 1.3) + selected);
        let c_mu =
            (2.0 * (selected + 1.0 / selected - 1.75) / ((n + 2.0) * (n + 2.0) + selected)).min(1.0 - c_one);
        let active = (1.0 + c_one / c_mu)
            .min(1.0 + 2.0 * rejected / (selected + 2.0))
            .min((1.0 - c_one - c_mu) / (n * c_mu));
        let (positive, negative) = (raw[..parents].iter().sum::<f64>(), -raw[parents..].iter().sum::<f64>());
        let c_sigma = (selected + 2.0) / (n + selected + 5.0);
        Self {
            weights: raw
                .iter()
                .map(|w| if *w > 0.0 { w / positive } else { w * active / negative })
                .collect(),
            parents,
            selected,
            c_sigma,
            damping: 1.0 + c_sigma + 2.0 * (libm::sqrt((selected - 1.0) / (n + 1.0)) - 1.0).max(0.0),
            c_path: (4.0 + selected / n) / (n + 4.0 + 2.0 * selected / n),
            c_one,
            c_mu,
            chi: libm::sqrt(n) * (1.0 - 0.25 / n + 1.0 / (21.0 * n * n)),
        }
    }
}

fn population(n: usize) -> usize {
    4 + libm::floor(3.0 * libm::log(n as f64)) as usize
}

impl Evolution {
    pub fn begin(mean: Vec<f64>, sigma: f64) -> Box<Self> {
        let n = mean.len();
        Box::new(Self {
            mean,
            sigma,
            covariance: Square::identity(n),
            path_sigma: vec![0.0; n],
            path_covariance: vec![0.0; n],
            generation: 0,
            path_decay: 1.0,
            current: None,
            lowest: f64::INFINITY,
            progress: Vec::new(),
            history: Vec::new(),
        })
    }

    pub fn propose(&mut self, search: &mut Search) -> Move {
        if self.current.is_none() {
            self.current = self.sample(search);
        }
        let Some(generation) = &mut self.current else { return Move::Next(restart(search)) };
        let next = generation.order.iter().find(|&&i| generation.values[i].is_none());
        generation.asked = next.copied().unwrap_or(0);
        Move::Point(generation.points[generation.asked].clone())
    }

    /// A new generation; None if the distribution has degenerated.
    fn sample(&mut self, search: &mut Search) -> Option<Generation> {
        let n = search.n;
        let frame = Frame::new(&self.covariance)?;
        let (least, most) = frame.extremes();
        self.sigma = self.sigma.min(1.0 / most);
        if self.sigma * most < 1e-9 || most > 1e7 * least {
            return None;
        }
        let model = self.model(search, &frame);
        let mut points = Vec::with_capacity(population(n));
        if let Some(model) = &model {
            let metric = frame.whitening.transposed_times(&frame.whitening);
            let (lower, upper) = room(&self.mean);
            let radius = 1.2 * self.sigma * libm::sqrt(n as f64);
            let d = step(&model.shape, &Region { metric: &metric, radius, lower: &lower, upper: &upper });
            points.push(self.mean.iter().zip(d).map(|(m, d)| m + d).collect());
        }
        while points.len() < population(n) {
            let y = frame.sample(search);
            // What leaves the box is mirrored at its border.
            let mirror = |v: f64| clamp(1.0 - (1.0 - v.abs()).abs(), 0.0, 1.0);
            points.push(self.mean.iter().zip(y).map(|(m, y)| mirror(m + self.sigma * y)).collect());
        }
        let values = vec![None; points.len()];
        let mut generation = Generation {
            frame,
            points,
            values,
            order: Vec::new(),
            evaluated: 0,
            review_at: 1,
            asked: 0,
            model,
        };
        generation.rank();
        Some(generation)
    }

    fn model(&self, search: &Search, frame: &Frame) -> Option<Surface> {
        fit(search, search.model_size, &self.mean, &frame.whitening)
    }

    pub fn learn(&mut self, search: &mut Search, y: f64) -> Option<Phase> {
        self.lowest = self.lowest.min(y);
        let mut generation = self.current.take()?;
        let size = generation.points.len();
        generation.values[generation.asked] = Some(y);
        generation.evaluated += 1;
        let complete = generation.evaluated == size;
        if complete || generation.evaluated == generation.review_at {
            generation.model = self.model(search, &generation.frame);
            let sure = |model: &Surface| tau(model, search, RANKED.min(search.model_size)) >= TAU;
            if complete || generation.model.as_ref().is_some_and(sure) {
                self.update(&generation);
                return self.stagnates(search, &generation).then(|| restart(search));
            }
            generation.review_at = (generation.review_at + generation.review_at.div_ceil(2)).min(size);
            generation.rank();
        }
        self.current = Some(generation);
        None
    }

    /// One generation of the strategy: by true values if all are known, else by the model's.
    fn update(&mut self, generation: &Generation) {
        let n = self.mean.len();
        let rates = Rates::new(n);
        let order = generation.final_order();
        let steps: Vec<Vec<f64>> = order
            .iter()
            .map(|&i| {
                let mut y = difference(&generation.points[i], &self.mean);
                scale(&mut y, 1.0 / self.sigma);
                y
            })
            .collect();
        let mut drift = vec![0.0; n];
        for (y, &weight) in steps.iter().zip(&rates.weights).take(rates.parents) {
            add_scaled(&mut drift, weight, y);
        }
        for (m, d) in self.mean.iter_mut().zip(&drift) {
            *m = clamp(*m + self.sigma * d, 0.0, 1.0);
        }
        let frame = &generation.frame;
        let straight = frame.axes.apply_transposed(&frame.whitening.apply(&drift));
        scale(&mut self.path_sigma, 1.0 - rates.c_sigma);
        let pull = |c: f64| libm::sqrt(c * (2.0 - c) * rates.selected);
        add_scaled(&mut self.path_sigma, pull(rates.c_sigma), &straight);
        let length = norm(&self.path_sigma);
        self.generation += 1;
        self.path_decay *= (1.0 - rates.c_sigma) * (1.0 - rates.c_sigma);
        let expected = libm::sqrt(1.0 - self.path_decay) * rates.chi;
        let moving = length / expected < 1.4 + 2.0 / (n as f64 + 1.0);
        scale(&mut self.path_covariance, 1.0 - rates.c_path);
        if moving {
            add_scaled(&mut self.path_covariance, pull(rates.c_path), &drift);
        }
        self.adapt(&rates, &steps, frame, moving);
        self.sigma *= libm::exp((rates.c_sigma / rates.damping * (length / rates.chi - 1.0)).min(1.0));
    }

    fn adapt(&mut self, rates: &Rates, steps: &[Vec<f64>], frame: &Frame, moving: bool) {
        let n = self.mean.len() as f64;
        let lost = if moving { 0.0 } else { rates.c_one * rates.c_path * (2.0 - rates.c_path) };
        let kept = 1.0 - rates.c_one - rates.c_mu * rates.weights.iter().sum::<f64>() + lost;
        scale(&mut self.covariance.cells, kept);
        self.covariance.add_outer(rates.c_one, &self.path_covariance);
        for (y, &weight) in steps.iter().zip(&rates.weights) {
            let z = frame.whitening.apply(y);
            let length_squared = dot(&z, &z).max(1e-12);
            // A long step, such as the model's minimum, must not dominate; a rejected one counts as of the expected length.
            let share = if weight >= 0.0 {
                ((rates.chi + 2.0) * (rates.chi + 2.0) / length_squared).min(1.0)
            } else {
                n / length_squared
            };
            self.covariance.add_outer(rates.c_mu * weight * share, y);
        }
    }

    /// Whether the history is flat, or a run behind the best one catches up too slowly.
    fn stagnates(&mut self, search: &Search, generation: &Generation) -> bool {
        let best = generation.values.iter().flatten().fold(f64::INFINITY, |least, y| least.min(*y));
        let window = 10 + 30 * search.n / generation.points.len();
        self.history.push(best);
        if self.history.len() > window {
            self.history.remove(0);
            let (low, high) = self
                .history
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &y| (low.min(y), high.max(y)));
            if self.generation as usize > window && high - low < 1e-11 {
                return true;
            }
        }
        let now = search.archive.told();
        self.progress.push((now, self.lowest));
        let before = self.progress.iter().rposition(|(told, _)| told + 4 * search.n <= now);
        let Some(before) = before else { return false };
        self.progress.drain(..before);
        let gained = self.progress[0].1 - self.lowest;
        self.lowest > search.goal && gained < 0.1 * (self.lowest - search.goal)
    }
}

impl Generation {
    fn rank(&mut self) {
        self.order = (0..self.points.len()).collect();
        if let Some(model) = &self.model {
            self.order = ascending(&self.points.iter().map(|x| model.at(x)).collect::<Vec<f64>>());
        }
    }

    fn final_order(&self) -> Vec<usize> {
        let true_values: Option<Vec<f64>> = self.values.iter().copied().collect();
        match (true_values, &self.model) {
            (Some(values), _) => ascending(&values),
            (None, Some(model)) => ascending(&self.points.iter().map(|x| model.at(x)).collect::<Vec<f64>>()),
            (None, None) => (0..self.points.len()).collect(),
        }
    }
}

/// The model of the newest `count` points, of which the best are fitted, in the coordinates that `whitening` gives.
fn fit(search: &Search, count: usize, centre: &[f64], whitening: &Square) -> Option<Surface> {
    let n = search.n;
    let newest = search.archive.newest(count);
    let order = ascending(&newest.iter().map(|sample| sample.y).collect::<Vec<f64>>());
    let share = (FITTED * (newest.len() + 1) as f64) as usize;
    let fitted = order.into_iter().take(share.max((n + 1) * (n + 2) / 2 + 2));
    let samples: Vec<_> = fitted.map(|i| &newest[i]).collect();
    let m = samples.len();
    if m < 3 {
        return None;
    }
    let mut places: Vec<Vec<f64>> =
        samples.iter().map(|sample| whitening.apply(&difference(&sample.x, centre))).collect();
    let radii: Vec<f64> = places.iter().map(|u| dot(u, u)).collect();
    let median = radii[ascending(&radii)[(m - 1) / 2]];
    let unit = libm::sqrt(median / n as f64).max(1e-300);
    places.iter_mut().for_each(|u| scale(u, 1.0 / unit));
    let lowest = samples[0].y;
    let data = places.into_iter().zip(&samples).enumerate().map(|(rank, (u, sample))| {
        let weight = 1.0 - 0.95 * rank as f64 / (m - 1) as f64;
        Datum { u, y: sample.y - lowest, noise: 1e-10 / (weight * weight) }
    });
    let mut shape = Fit::new(n, &data.collect::<Vec<Datum>>(), PRIOR)?.mean;
    shape.value += lowest;
    shape.gradient = whitening.apply_transposed(&shape.gradient);
    scale(&mut shape.gradient, 1.0 / unit);
    shape.hessian = whitening.transposed_times(&shape.hessian.times(whitening));
    scale(&mut shape.hessian.cells, 1.0 / (unit * unit));
    Some(Surface { centre: centre.to_vec(), shape })
}

fn tau(model: &Surface, search: &Search, count: usize) -> f64 {
    let newest = search.archive.newest(count);
    kendall_tau(&newest.iter().map(|sample| (sample.y, model.at(&sample.x))).collect::<Vec<_>>())
}

/// Whether a model of the whole run about `centre` ranks the newest points at least so well.
pub(crate) fn ranks_rightly(search: &Search, centre: &[f64], least: f64) -> bool {
    let all = fit(search, usize::MAX, centre, &Square::identity(search.n));
    all.is_some_and(|model| tau(&model, search, RANKED) >= least)
}
