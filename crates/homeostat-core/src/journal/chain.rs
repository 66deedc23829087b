use crate::error::{Code, Error, Result};
use crate::json::{Quoted, parse_hex, push_hex};
use alloc::string::String;
use sha2::{Digest, Sha256};

/// Size of a hash.
pub const HASH_BYTES: usize = 32;
/// What stands between an entry and its hash.
const MARK: &str = ",\"hash\":\"";
/// What ends a line after its hash.
const END: &str = "\"}";

/// The hash that the next line builds on: SHA-256 over the hash before it and the line up to its own hash.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Chain([u8; HASH_BYTES]);

impl Chain {
    /// Continues after a line with this hash, in hexadecimal.
    pub fn after(hex: &str) -> Result<Self> {
        let mut hash = [0; HASH_BYTES];
        let pairs = hex.as_bytes().chunks_exact(2);
        let digits = hash.iter_mut().zip(pairs).map(|(byte, pair)| parse_hex(pair).map(|n| *byte = n as u8));
        if hex.len() == 2 * HASH_BYTES && digits.flatten().count() == HASH_BYTES {
            Ok(Self(hash))
        } else {
            let got = Quoted(hex);
            let message = format_args!("previous: expected 64 hexadecimal digits, got {got}");
            Err(Error::new(Code::InvalidOption, message))
        }
    }

    /// The present hash in hexadecimal.
    pub fn hex(&self) -> String {
        let mut out = String::with_capacity(2 * HASH_BYTES);
        self.0.iter().for_each(|byte| push_hex(&mut out, *byte));
        out
    }

    fn advance(&mut self, body: &str) {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update(body.as_bytes());
        self.0.copy_from_slice(&hasher.finalize());
    }

    /// Turns an object that is still open (`{...`) into a finished line.
    pub fn close_line(&mut self, open: &mut String) {
        self.advance(open);
        open.push_str(MARK);
        open.push_str(&self.hex());
        open.push_str(END);
        open.push('\n');
    }

    /// Splits a line into its entry and its hash; `None` when it is not a journal line.
    pub fn split(line: &str) -> Option<(&str, &str)> {
        let body_and_hash = line.strip_suffix(END)?;
        let hash_at = body_and_hash.len().checked_sub(2 * HASH_BYTES)?;
        let (body, hash) = body_and_hash.split_at_checked(hash_at)?;
        let body = body.strip_suffix(MARK)?;
        hash.bytes().all(|b| b.is_ascii_hexdigit()).then_some((body, hash))
    }

    /// Moves past a line; false when its hash does not follow from the line before.
    pub fn check(&mut self, body: &str, hash: &str) -> bool {
        self.advance(body);
        self.hex() == hash
    }
}
