//! A command and its options.

/// A command and its options.
pub struct Arguments {
    pub command: String,
    options: Vec<(String, String)>,
}

impl Arguments {
    pub fn read() -> Self {
        let mut words = std::env::args().skip(1);
        let command = words.next().unwrap_or_default();
        let mut options = Vec::new();
        while let Some(word) = words.next() {
            let name = word.trim_start_matches("--").to_string();
            options.push((name, words.next().unwrap_or_default()));
        }
        Self { command, options }
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn number(&self, name: &str, default: u64) -> Result<u64, String> {
        match self.text(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("--{name} {text}: expected a whole number")),
        }
    }
}
