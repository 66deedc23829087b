//! Results as JSON.

use crate::run::{Stat, Summary};

/// An array with one object per row. Values that are not numbers become null.
pub fn json(rows: &[Summary]) -> String {
    let rows: Vec<String> = rows.iter().map(row).collect();
    format!("[\n  {}\n]\n", rows.join(",\n  "))
}

fn row(row: &Summary) -> String {
    let breaches: Vec<String> = row
        .breaches
        .first()
        .iter()
        .map(|breach| {
            let detail = string(&breach.detail);
            format!("{{\"time_us\":{},\"kind\":\"{:?}\",\"detail\":{detail}}}", breach.time_us, breach.kind)
        })
        .collect();
    let fields = [
        ("contender", string(&row.contender)),
        ("plant", string(row.plant)),
        ("preset", string(&row.preset.to_string())),
        ("cv", number(row.cv)),
        ("seeds", row.seeds.to_string()),
        ("regret", optional(row.regret)),
        ("unsafe_share", stat(row.unsafe_share)),
        ("t90_s", stat(row.t90_s)),
        ("recovery_s", optional(row.recovery_s)),
        ("safe_mode_entries", stat(row.safe_mode_entries)),
        ("worst_ratio", number(row.worst_ratio)),
        ("excess", stat(row.excess)),
        ("ordinary_updates", number(row.ordinary_updates)),
        ("exceptional_updates", number(row.exceptional_updates)),
        ("breaches", row.breaches.total().to_string()),
        ("first_breaches", format!("[{}]", breaches.join(","))),
    ];
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn number(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { "null".to_owned() }
}

fn stat(stat: Stat) -> String {
    format!("{{\"mean\":{},\"worst\":{}}}", number(stat.mean), number(stat.worst))
}

fn optional(value: Option<Stat>) -> String {
    value.map_or_else(|| "null".to_owned(), stat)
}

fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_and_nan_is_null() {
        assert_eq!(string("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
        assert_eq!(number(f64::NAN), "null");
        assert_eq!(number(0.25), "0.25");
    }
}
