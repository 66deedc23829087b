use super::{Json, Number, Quoted};
use crate::error::{Code, Error, Result};
use alloc::string::String;
use core::fmt;

/// Largest whole number that a double counts up to in ones.
pub const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Reads the members of an object, one line for each: what is missing or wrong reads as nothing, the first such problem is
/// kept, and `finish` reports it.
pub struct Fields<'a> {
    object: &'a Json,
    code: Code,
    /// What stands before a member's key in messages.
    path: &'a str,
    problem: Option<Error>,
}

impl<'a> Fields<'a> {
    /// Reads from `object`; problems have this code and name the member with this path before it.
    pub fn new(object: &'a Json, code: Code, path: &'a str) -> Self {
        Self { object, code, path, problem: None }
    }

    /// A problem with a member, unless there was one before.
    pub fn refuse(&mut self, key: &str, what: impl fmt::Display) {
        self.keep(key, &what);
    }

    #[cold]
    #[inline(never)]
    fn keep(&mut self, key: &str, what: &dyn fmt::Display) {
        if self.problem.is_none() {
            self.problem = Some(Error::new(self.code, format_args!("{}{key}: {what}", self.path)));
        }
    }

    /// The first problem, if there was one.
    pub fn finish(self) -> Result<()> {
        self.problem.map_or(Ok(()), Err)
    }

    /// A member that has to be there.
    pub fn get(&mut self, key: &str) -> &'a Json {
        self.object.get(key).unwrap_or_else(|| {
            self.keep(key, &"is missing");
            &Json::Null
        })
    }

    /// A number.
    pub fn number(&mut self, key: &str) -> f64 {
        self.get(key).num().unwrap_or_else(|| {
            self.keep(key, &"expected a number");
            f64::NAN
        })
    }

    /// A number, if it is there and is one.
    pub fn number_if_any(&self, key: &str) -> Option<f64> {
        self.object.get(key).and_then(Json::num)
    }

    /// A number from `min` to `max`.
    pub fn within(&mut self, key: &str, min: f64, max: f64) -> f64 {
        let n = self.number(key);
        if !(min..=max).contains(&n) {
            self.refuse(key, format_args!("expected {} to {}, got {}", Number(min), Number(max), Number(n)));
        }
        n
    }

    /// A whole number from `min` to `max`.
    pub fn whole(&mut self, key: &str, min: f64, max: f64) -> u64 {
        let n = self.within(key, min, max);
        if libm::trunc(n) != n {
            self.keep(key, &format_args!("expected a whole number, got {}", Number(n)));
        }
        n as u64
    }

    /// A string.
    pub fn text(&mut self, key: &str) -> &'a str {
        self.get(key).str().unwrap_or_else(|| {
            self.keep(key, &"expected a string");
            ""
        })
    }

    /// `true` or `false`.
    pub fn bool(&mut self, key: &str) -> bool {
        self.get(key).bool().unwrap_or_else(|| {
            self.keep(key, &"expected true or false");
            false
        })
    }

    /// A list.
    pub fn list(&mut self, key: &str) -> &'a [Json] {
        self.get(key).arr().unwrap_or_else(|| {
            self.keep(key, &"expected a list");
            &[]
        })
    }

    /// A value by its name in a table; where there is none, the table's first.
    pub fn named<T: Copy>(&mut self, table: &[(T, &'static str)], key: &str) -> T {
        table[self.choice(key, table.len(), &|place| table[place].1)].0
    }

    /// The place of a name among `count` names.
    fn choice(&mut self, key: &str, count: usize, name: &dyn Fn(usize) -> &'static str) -> usize {
        let text = self.text(key);
        (0..count).find(|place| name(*place) == text).unwrap_or_else(|| {
            let mut names = String::from(name(0));
            for place in 1..count {
                names.push_str(", ");
                names.push_str(name(place));
            }
            self.keep(key, &format_args!("expected one of {names}, got {}", Quoted(text)));
            0
        })
    }
}

#[cfg(test)]
#[test]
fn the_first_problem_is_reported_with_its_path() {
    let json = Json::parse(r#"{"a":1.5,"b":"two","c":[1],"d":true}"#).unwrap();
    let read = |each: &dyn Fn(&mut Fields)| {
        let mut fields = Fields::new(&json, Code::InvalidKnob, "knobs.k.");
        each(&mut fields);
        fields.finish().map_err(|e| e.message.clone())
    };
    let good = |f: &mut Fields| {
        assert_eq!((f.number("a"), f.text("b"), f.bool("d")), (1.5, "two", true));
        assert_eq!((f.list("c").len(), f.named(&[(1, "one"), (2, "two")], "b")), (1, 2));
        assert_eq!((f.number_if_any("a"), f.number_if_any("z")), (Some(1.5), None));
    };
    assert_eq!(read(&good), Ok(()));
    type Read<'a> = &'a dyn Fn(&mut Fields);
    let wrong: [(Read, &str); 7] = [
        (&|f| _ = (f.number("z"), f.number("b")), "z: is missing"),
        (&|f| _ = (f.number("b"), f.number("z")), "b: expected a number"),
        (&|f| _ = f.within("a", 2.0, 3.0), "a: expected 2 to 3, got 1.5"),
        (&|f| _ = f.whole("a", 0.0, 3.0), "a: expected a whole number, got 1.5"),
        (&|f| _ = f.named(&[(1, "one"), (3, "three")], "b"), "b: expected one of one, three, got \"two\""),
        (&|f| _ = f.list("d"), "d: expected a list"),
        (&|f| f.refuse("b", "is odd"), "b: is odd"),
    ];
    for (each, text) in wrong {
        assert_eq!(read(each), Err(format!("knobs.k.{text}")));
    }
}
