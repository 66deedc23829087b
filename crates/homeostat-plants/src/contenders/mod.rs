//! The contenders: rivals that the live tuner is measured against, oracles that bound what is possible, and the tuner.
//!
//! A new contender is a file here and a line in [`create`] and [`NAMES`].

use std::fmt;

use crate::contender::{Contender, Setup};

mod aimd;
mod fixed;
mod gaussian_process;
mod gradient2;
mod hill_climbing;
mod homeostat;
mod limiter;
mod literal;
mod oracle;
mod random_search;
mod shadow;
mod spsa;
mod spsa_tube;
mod tpe;
mod trial;
mod vegas;

use limiter::Limiter;
use literal::Guarded;

/// Every contender, with what it is.
pub const NAMES: &[(&str, &str)] = &[
    ("homeostat", "the live tuner of homeostat-core"),
    ("homeostat-spsa", "the live tuner with its spsa strategy"),
    ("default", "never moves"),
    ("oracle", "jumps to the best setting of each moment, without guardrails"),
    ("guarded-oracle", "goes there as fast as the guardrails allow"),
    ("spsa", "simultaneous perturbation as in the textbooks, every half-step an ordinary move"),
    ("spsa-tube", "simultaneous perturbation by probes, with moves only on evidence"),
    ("random", "local random search"),
    ("tpe", "tree-structured Parzen estimator, online"),
    ("hill", "coordinate hill climbing that asks for its budget"),
    ("gp", "Gaussian process with a safe set, probes and moves"),
    ("shadow", "argmin of the shadow costs; P1D only"),
    ("vegas", "TCP Vegas on latency, without guardrails; P2 only"),
    ("aimd", "additive increase, multiplicative decrease, without guardrails; P2 only"),
    ("gradient2", "latency gradient, without guardrails; P2 only"),
    ("vegas-guarded", "TCP Vegas within the guardrails; P2 only"),
    ("aimd-guarded", "AIMD within the guardrails; P2 only"),
    ("gradient2-guarded", "latency gradient within the guardrails; P2 only"),
];

/// Why a contender could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateError {
    /// No contender has that name.
    Unknown(String),
    /// The contender needs readings that the plant does not give.
    NotForPlant {
        /// Who.
        contender: String,
        /// Against what.
        plant: &'static str,
    },
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
                write!(f, "contender: expected one of {}, received {name:?}", known.join(", "))
            }
            Self::NotForPlant { contender, plant } => {
                write!(f, "contender {contender} needs readings that plant {plant} does not give")
            }
        }
    }
}

impl std::error::Error for CreateError {}

/// Makes a contender for one run.
pub fn create<'a>(name: &str, setup: &Setup<'a>) -> Result<Box<dyn Contender + 'a>, CreateError> {
    let plant = setup.case.plant.name();
    let only_on = |needed: &str| {
        (plant == needed)
            .then_some(())
            .ok_or_else(|| CreateError::NotForPlant { contender: name.to_owned(), plant })
    };
    Ok(match name {
        "homeostat" => Box::new(homeostat::Homeostat::new(setup, "kalman")),
        "homeostat-spsa" => Box::new(homeostat::Homeostat::new(setup, "spsa")),
        "default" => Box::new(fixed::Fixed::new(setup)),
        "oracle" => Box::new(oracle::Oracle::new(setup)),
        "guarded-oracle" => Box::new(Guarded::new(setup, oracle::GuardedOracle::new(setup))),
        "spsa" => Box::new(Guarded::new(setup, spsa::Spsa::new(setup))),
        "spsa-tube" => Box::new(Guarded::new(setup, spsa_tube::SpsaTube::new(setup))),
        "random" => Box::new(Guarded::new(setup, trial::Trials::new(setup, random_search::RandomSearch))),
        "tpe" => Box::new(Guarded::new(setup, trial::Trials::new(setup, tpe::Tpe::default()))),
        "hill" => Box::new(Guarded::new(setup, hill_climbing::HillClimbing::new(setup))),
        "gp" => Box::new(Guarded::new(setup, gaussian_process::GaussianProcess::new(setup))),
        "shadow" => {
            only_on("P1D")?;
            Box::new(Guarded::new(setup, shadow::Shadow::default()))
        }
        "vegas" | "vegas-guarded" => {
            only_on("P2")?;
            Box::new(Guarded::new(setup, Limiter::new(vegas::Vegas::default(), name == "vegas-guarded")))
        }
        "aimd" | "aimd-guarded" => {
            only_on("P2")?;
            Box::new(Guarded::new(setup, Limiter::new(aimd::Aimd, name == "aimd-guarded")))
        }
        "gradient2" | "gradient2-guarded" => {
            only_on("P2")?;
            Box::new(Guarded::new(
                setup,
                Limiter::new(gradient2::Gradient2::default(), name == "gradient2-guarded"),
            ))
        }
        _ => return Err(CreateError::Unknown(name.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::Case;
    use crate::guardrails::Preset;
    use crate::plant;

    fn setup(case: &Case) -> Setup<'_> {
        let preset = Preset::Balanced;
        Setup { case, preset, limits: preset.limits(), lag_s: case.plant.declared_lag_s(), seed: 1 }
    }

    #[test]
    fn every_listed_contender_exists_and_starts_at_the_initial_setting() {
        for plant_name in ["P2", "P1D"] {
            let case = Case::new(plant::find(plant_name).unwrap());
            for (name, _) in NAMES {
                match create(name, &setup(&case)) {
                    Ok(contender) => assert_eq!(contender.live(), case.plant.initial(), "{name}"),
                    Err(CreateError::NotForPlant { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_known_ones() {
        let case = Case::new(plant::find("P2").unwrap());
        let error = create("sppsa", &setup(&case)).err().unwrap().to_string();
        assert!(error.contains("\"sppsa\"") && error.contains("spsa-tube"), "{error}");
    }
}
