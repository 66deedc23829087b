//! Generated files: one table, written or compared by one command. A generator is a module of this folder that returns
//! the whole text of its file; the first line of that text says by what it was generated.

mod core_tables;

use std::{fs, path::Path};

/// A generated file: its path from the repository's root, and what makes its text.
struct Generated {
    path: &'static str,
    text: fn() -> String,
}

const FILES: &[Generated] = &[Generated { path: "ts/generated/core.ts", text: core_tables::text }];

/// Write every file, or only compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Writes every file that differs.
    Write,
    /// Fails and names every file that differs.
    Check,
}

/// Runs every generator. Says how many files there are: the test runner counts them.
pub fn run(mode: Mode) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
    let mut stale = Vec::new();
    for file in FILES {
        let path = root.join(file.path);
        let text = (file.text)();
        // A checkout may have turned line ends; the content is what counts.
        let present = fs::read_to_string(&path).map(|old| old.replace("\r\n", "\n"));
        if present.as_ref().is_ok_and(|old| *old == text) {
            continue;
        }
        if mode == Mode::Write {
            fs::write(&path, text).map_err(|error| format!("{}: {error}", file.path))?;
        }
        stale.push(file.path);
    }
    println!("generated files: {} current, {} stale", FILES.len() - stale.len(), stale.len());
    for path in &stale {
        println!("{} {path}", if mode == Mode::Write { "wrote" } else { "stale" });
    }
    if mode == Mode::Check && !stale.is_empty() {
        return Err("generated files are stale: run `cargo run -p xtask -- codegen` and commit".to_owned());
    }
    Ok(())
}
