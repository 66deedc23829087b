//! JSON, as little as the core needs: a writer that appends to a byte buffer, and a reader for configurations and journals.
//!
//! Own code for its size: a general reader costs an edge worker more than the rest of the core. Numbers are written as the
//! shortest text that reads back to the same bits, and read as the nearest double, so a round trip is exact.

mod big;
mod fields;
mod number;

pub use fields::{Fields, WHOLE_MAX};

use crate::error::{Code, Error, Result};
use alloc::{string::String, vec::Vec};
use core::fmt;

/// Nesting that the reader follows before it refuses.
const DEPTH_MAX: usize = 16;

/// A parsed value. Objects keep their order; a repeated key is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any number
    Num(f64),
    /// A string
    Str(String),
    /// An array
    Arr(Vec<Json>),
    /// An object
    Obj(Vec<(String, Json)>),
}

impl Json {
    /// Parses one value that fills the whole text.
    pub fn parse(text: &str) -> Result<Json> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
        let value = reader.value(0)?;
        reader.space();
        if reader.at == reader.bytes.len() { Ok(value) } else { Err(reader.error("end of text")) }
    }

    /// The member of an object.
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Obj(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The member of an object, taken out of it.
    pub fn take(&mut self, key: &str) -> Option<Json> {
        let Json::Obj(members) = self else { return None };
        let place = members.iter().position(|(name, _)| name == key)?;
        Some(members.swap_remove(place).1)
    }

    /// The number, if it is one.
    pub fn num(&self) -> Option<f64> {
        if let Json::Num(n) = self { Some(*n) } else { None }
    }

    /// The string, if it is one.
    pub fn str(&self) -> Option<&str> {
        if let Json::Str(s) = self { Some(s) } else { None }
    }

    /// The boolean, if it is one.
    pub fn bool(&self) -> Option<bool> {
        if let Json::Bool(b) = self { Some(*b) } else { None }
    }

    /// The elements, if it is an array.
    pub fn arr(&self) -> Option<&[Json]> {
        if let Json::Arr(a) = self { Some(a) } else { None }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn error(&self, wanted: &str) -> Error {
        Error::new(Code::InvalidJson, format_args!("expected {wanted} at byte {}", self.at))
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()));
        if found {
            self.at += text.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Json> {
        if depth > DEPTH_MAX {
            return Err(self.error("less nesting"));
        }
        self.space();
        match self.bytes.get(self.at) {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Json::Str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.eat("null") => Ok(Json::Null),
            _ if self.eat("true") => Ok(Json::Bool(true)),
            _ if self.eat("false") => Ok(Json::Bool(false)),
            _ => Err(self.error("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json> {
        self.at += 1;
        let mut members: Vec<(String, Json)> = Vec::new();
        self.space();
        if self.eat("}") {
            return Ok(Json::Obj(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            if members.iter().any(|(name, _)| *name == key) {
                return Err(self.error("a key that was not there before"));
            }
            self.space();
            if !self.eat(":") {
                return Err(self.error("':'"));
            }
            members.push((key, self.value(depth + 1)?));
            self.space();
            if self.eat("}") {
                return Ok(Json::Obj(members));
            }
            if !self.eat(",") {
                return Err(self.error("',' or '}'"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.eat("]") {
            return Ok(Json::Arr(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.eat("]") {
                return Ok(Json::Arr(items));
            }
            if !self.eat(",") {
                return Err(self.error("',' or ']'"));
            }
        }
    }

    fn number(&mut self) -> Result<Json> {
        let (n, len) = number::read(&self.bytes[self.at..]).ok_or_else(|| self.error("a finite number"))?;
        self.at += len;
        Ok(Json::Num(n))
    }

    fn string(&mut self) -> Result<String> {
        if !self.eat("\"") {
            return Err(self.error("a string"));
        }
        let mut out = String::new();
        loop {
            let start = self.at;
            while matches!(self.bytes.get(self.at), Some(b) if *b != b'"' && *b != b'\\' && *b >= 0x20) {
                self.at += 1;
            }
            let run = core::str::from_utf8(&self.bytes[start..self.at]);
            out.push_str(run.map_err(|_| self.error("UTF-8"))?);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(self.error("the end of a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        let kind = self.bytes.get(self.at + 1).copied();
        self.at += 2;
        Ok(match kind {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.hex4()?;
                let code = if (0xD800..0xDC00).contains(&high) && self.eat("\\u") {
                    let low = self.hex4()?;
                    if !(0xDC00..0xE000).contains(&low) {
                        return Err(self.error("a low surrogate"));
                    }
                    0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
                } else {
                    high
                };
                char::from_u32(code).ok_or_else(|| self.error("a character"))?
            }
            _ => return Err(self.error("an escape")),
        })
    }

    fn hex4(&mut self) -> Result<u32> {
        let digits = self.bytes.get(self.at..self.at + 4).and_then(parse_hex);
        let n = digits.ok_or_else(|| self.error("four hexadecimal digits"))?;
        self.at += 4;
        Ok(n)
    }
}

/// Appends JSON to a string. Commas are placed by itself.
pub struct Writer<'a> {
    out: &'a mut String,
    comma: bool,
}

impl<'a> Writer<'a> {
    /// A writer that appends to `out`.
    pub fn new(out: &'a mut String) -> Self {
        Self { out, comma: false }
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push(',');
        }
        self.comma = true;
    }

    /// An object; `body` writes its members.
    pub fn object(&mut self, body: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push('{');
        self.comma = false;
        body(self);
        self.out.push('}');
        self.comma = true;
    }

    /// An array; `body` writes its elements.
    pub fn array(&mut self, body: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push('[');
        self.comma = false;
        body(self);
        self.out.push(']');
        self.comma = true;
    }

    /// A member's key; the value has to follow.
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.separate();
        quote(self.out, key);
        self.out.push(':');
        self.comma = false;
        self
    }

    /// A number; NaN and infinities become `null`.
    pub fn num(&mut self, n: f64) {
        self.separate();
        if n.is_finite() {
            number::write(self.out, n);
        } else {
            self.out.push_str("null");
        }
    }

    /// An unsigned integer.
    pub fn uint(&mut self, n: u64) {
        self.separate();
        number::write_uint(self.out, n);
    }

    /// A boolean.
    pub fn bool(&mut self, b: bool) {
        self.separate();
        self.out.push_str(if b { "true" } else { "false" });
    }

    /// A string.
    pub fn str(&mut self, s: &str) {
        self.separate();
        quote(self.out, s);
    }

    /// The name of a value in a table of names.
    pub fn named<T: PartialEq + Copy>(&mut self, table: &[(T, &'static str)], value: T) {
        self.str(table.iter().find(|(v, _)| *v == value).map_or("", |(_, name)| name));
    }

    /// `null`.
    pub fn null(&mut self) {
        self.separate();
        self.out.push_str("null");
    }

    /// Members that are JSON text already, without their braces.
    pub fn raw(&mut self, members: &str) {
        self.separate();
        self.out.push_str(members);
    }

    /// Numbers as an array.
    pub fn nums(&mut self, values: &[f64]) {
        self.array(|w| values.iter().for_each(|v| w.num(*v)));
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                out.push_str("\\u00");
                push_hex(out, c as u8);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Appends a byte as two hexadecimal digits.
pub fn push_hex(out: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        out.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
    }
}

/// The number that hexadecimal digits stand for; `None` when one is not a digit.
pub fn parse_hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |n, digit| Some(n << 4 | char::from(*digit).to_digit(16)?))
}

/// A number in a message, as in JSON.
pub struct Number(pub f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        match self.0 {
            n if n.is_finite() => number::write(&mut text, n),
            n if n.is_nan() => text.push_str("NaN"),
            n => text.push_str(if n > 0.0 { "inf" } else { "-inf" }),
        }
        f.write_str(&text)
    }
}

/// A string in a message, as in JSON.
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        quote(&mut text, self.0);
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn emit(value: &Json, w: &mut Writer) {
        match value {
            Json::Null => w.null(),
            Json::Bool(b) => w.bool(*b),
            Json::Num(n) => w.num(*n),
            Json::Str(s) => w.str(s),
            Json::Arr(items) => w.array(|w| items.iter().for_each(|v| emit(v, w))),
            Json::Obj(members) => w.object(|w| {
                members.iter().for_each(|(key, value)| {
                    w.key(key);
                    emit(value, w);
                })
            }),
        }
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Json::Num),
            ".*".prop_map(Json::Str),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::Arr),
                prop::collection::btree_map(".{0,8}", inner, 0..6)
                    .prop_map(|m| Json::Obj(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_back_what_it_writes(value in any_json()) {
            let mut text = String::new();
            emit(&value, &mut Writer::new(&mut text));
            prop_assert_eq!(Json::parse(&text).unwrap(), value);
        }

        #[test]
        fn never_panics(text in "[\\[\\]{}\",:\\\\u0-9a-f.eE+\\- truefalsn]{0,64}") {
            let _ = Json::parse(&text);
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "1 2",
            "NaN",
            "1e999",
            "\"\\ud800\"",
            "\"\\u12\"",
            "tru",
            "{\"a\":1,\"a\":2}",
            "\"\n\"",
        ] {
            assert_eq!(Json::parse(text).unwrap_err().code, Code::InvalidJson, "{text}");
        }
        let deep = "[".repeat(40) + &"]".repeat(40);
        assert_eq!(Json::parse(&deep).unwrap_err().code, Code::InvalidJson);
    }
}
