use crate::error::{Code, Error, Result};
use alloc::{format, string::String};
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
        let refuse = || {
            Error::new(Code::InvalidOption, format!("previous: expected 64 hexadecimal digits, got {hex:?}"))
        };
        if hex.len() != 2 * HASH_BYTES || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        let mut hash = [0; HASH_BYTES];
        for (i, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).map_err(|_| refuse())?;
        }
        Ok(Self(hash))
    }

    /// The present hash in hexadecimal.
    pub fn hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut out = String::with_capacity(2 * HASH_BYTES);
        for byte in self.0 {
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
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
        let body = body_and_hash.get(..hash_at)?.strip_suffix(MARK)?;
        let hash = &body_and_hash[hash_at..];
        hash.bytes().all(|b| b.is_ascii_hexdigit()).then_some((body, hash))
    }

    /// Moves past a line; false when its hash does not follow from the line before.
    pub fn check(&mut self, body: &str, hash: &str) -> bool {
        self.advance(body);
        self.hex() == hash
    }
}
