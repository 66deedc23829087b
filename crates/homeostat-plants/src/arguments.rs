//! The command line.

use std::str::FromStr;

use homeostat_plants::guardrails::Preset;
use homeostat_plants::targets;

pub const HELP: &str = "\
Runs contenders against plants: 30 simulated minutes in windows of 250 ms, scored and audited.

  plants --contenders a,b --plants P1,P2 --presets balanced,conservative --cv 0.1 --seeds 20

  --contenders a,b      who competes; --list names them. Default: default (with --targets: the subject)
  --plants P1,P2        against what: P0 to P5, P1I to P4I, P1D, P4R, PF. Default: P1 to P5, P0, P1I to P4I
  --presets a,b         conservative, balanced, aggressive. Default: balanced and conservative
  --cv 0.02,0.1         coefficients of variation of the noise. Default 0.1
  --seeds 20            consecutive seeds per row. Default 20
  --first-seed 30000    the first of them. Default 30000
  --threads 2           Default: the processor's
  --plant-lag 2         the knobs' true time constant in seconds. Default: the plant's
  --declared-lag 0.25   the time constant that contenders are told. Default: the plant's
  --json FILE           also writes the rows as JSON
  --targets             compares the subject with the live tuner's targets; exit status 1 if one is missed
  --subject NAME        whom --targets is about. Default homeostat
  --list                names every contender
  --help                this text
";

pub struct Arguments {
    pub contenders: Vec<String>,
    pub plants: Vec<String>,
    pub presets: Vec<Preset>,
    pub cv: Vec<f64>,
    pub seeds: u64,
    pub first_seed: u64,
    pub threads: usize,
    pub plant_lag_s: Option<f64>,
    pub declared_lag_s: Option<f64>,
    pub json: Option<String>,
    pub targets: bool,
    pub subject: String,
    pub list: bool,
    pub help: bool,
}

impl Arguments {
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self {
            contenders: Vec::new(),
            plants: targets::PLANTS.map(str::to_owned).to_vec(),
            presets: targets::PRESETS.to_vec(),
            cv: vec![targets::CV],
            seeds: targets::SEEDS as u64,
            first_seed: 30_000,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            plant_lag_s: None,
            declared_lag_s: None,
            json: None,
            targets: false,
            subject: "homeostat".to_owned(),
            list: false,
            help: false,
        };
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            let mut value =
                || arguments.next().ok_or_else(|| format!("{name}: expected a value, received none"));
            match name.as_str() {
                "--contenders" => parsed.contenders = list(&name, &value()?)?,
                "--plants" => parsed.plants = list(&name, &value()?)?,
                "--presets" => parsed.presets = list(&name, &value()?)?,
                "--cv" => parsed.cv = within(&name, list(&name, &value()?)?, 0.0, 1.0)?,
                "--seeds" => parsed.seeds = at_least_one(&name, &value()?)?,
                "--first-seed" => parsed.first_seed = one(&name, &value()?)?,
                "--threads" => parsed.threads = at_least_one(&name, &value()?)? as usize,
                "--plant-lag" => parsed.plant_lag_s = Some(lag(&name, &value()?)?),
                "--declared-lag" => parsed.declared_lag_s = Some(lag(&name, &value()?)?),
                "--json" => parsed.json = Some(value()?),
                "--targets" => parsed.targets = true,
                "--subject" => parsed.subject = value()?,
                "--list" => parsed.list = true,
                "--help" | "-h" => parsed.help = true,
                _ => return Err(format!("unknown option {name:?}; --help lists them")),
            }
        }
        if parsed.contenders.is_empty() {
            parsed.contenders =
                vec![if parsed.targets { parsed.subject.clone() } else { "default".to_owned() }];
        }
        Ok(parsed)
    }
}

fn one<T: FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{name}: received {text:?}, which is not a valid value"))
}

fn list<T: FromStr>(name: &str, text: &str) -> Result<Vec<T>, String> {
    text.split(',').map(|part| one(name, part)).collect()
}

fn at_least_one(name: &str, text: &str) -> Result<u64, String> {
    match one(name, text)? {
        0 => Err(format!("{name}: expected at least 1, received 0")),
        value => Ok(value),
    }
}

fn within(name: &str, values: Vec<f64>, min: f64, max: f64) -> Result<Vec<f64>, String> {
    match values.iter().find(|value| !(min..=max).contains(*value)) {
        Some(value) => Err(format!("{name}: expected {min} to {max}, received {value}")),
        None => Ok(values),
    }
}

fn lag(name: &str, text: &str) -> Result<f64, String> {
    Ok(within(name, vec![one(name, text)?], 0.001, 600.0)?[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Arguments, String> {
        Arguments::parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn defaults_are_those_of_the_targets() {
        let parsed = parse("--targets").unwrap_or_else(|message| panic!("{message}"));
        assert_eq!(parsed.contenders, ["homeostat"]);
        assert_eq!((parsed.plants.len(), parsed.presets.len(), parsed.seeds), (10, 2, 20));
    }

    #[test]
    fn wrong_values_name_the_option_and_what_was_received() {
        for (text, expected) in [
            ("--seeds 0", "--seeds: expected at least 1"),
            ("--seeds many", "\"many\""),
            ("--cv 0.1,2", "received 2"),
            ("--cv NaN", "received NaN"),
            ("--presets bold", "--presets: received \"bold\""),
            ("--json", "--json: expected a value"),
            ("--seed 3", "unknown option \"--seed\""),
            ("--plant-lag 0", "--plant-lag: expected 0.001"),
        ] {
            let error = parse(text).err().unwrap_or_default();
            assert!(error.contains(expected), "{text}: {error:?}");
        }
    }
}
