//! Targets: who misses one fails, so that a script can rely on the exit status. NaN misses all of them.

/// A figure that must not be larger.
pub fn at_most(what: &str, figure: f64, most: f64) -> Result<(), String> {
    judged(figure <= most, format!("{what}: {figure:.3}, wanted at most {most}"))
}

/// A figure that must not be smaller.
pub fn at_least(what: &str, figure: f64, least: f64) -> Result<(), String> {
    judged(figure >= least, format!("{what}: {figure:.3}, wanted at least {least}"))
}

fn judged(holds: bool, said: String) -> Result<(), String> {
    if holds {
        println!("holds: {said}");
        Ok(())
    } else {
        Err(format!("missed: {said}"))
    }
}
