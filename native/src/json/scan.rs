//! The strict scan (RFC 8259): text to tree in one pass, refusing what parsers are known to disagree on.

use super::fold::{self, Key, Names};
use super::string::{space, special, string};
use super::{END, Fault, Limits, SHOWN, Scan, TextError, Value, quoted};
use std::borrow::Cow;

/// The depth no caller can raise: recursion must end well before the stack does.
const DEEPEST: usize = 512;

/// Room made for the entries of an array or object to begin with.
const FEW: usize = 8;

/// Reads one document: RFC 8259 to the letter, numbers finite as doubles, no `\u0000` (C strings end there),
/// no lone surrogates, no two names in an object that are equal or, outside free-form maps, equal after Go's
/// case folding (golang issue 14750), and no case variant of a known name.
pub fn parse<'a>(text: &'a str, limits: &Limits) -> Result<Value<'a>, TextError> {
    let mut scanner = Scanner::<true>::new(text, limits);
    scanner.document().map_err(|fault| TextError::new(text, &fault))
}

/// Holds a text to the grammar and to exact duplicates only, as a patch does not know which maps are free-form.
pub(super) fn check(text: &str) -> Scan<()> {
    let limits = Limits { max_depth: DEEPEST, member_names: "", map_names: "" };
    let mut scanner = Scanner::<false>::new(text, &limits);
    scanner.all_free = true;
    scanner.document().map(drop)
}

/// The state of one scan, which keeps the tree only if `KEEP`; without it all values come back as `Null`.
struct Scanner<'a, 'l, const KEEP: bool> {
    text: &'a str,
    at: usize,
    room: usize,
    depth: usize,
    names: Names<'l>,
    maps: Vec<&'l str>,
    all_free: bool,
    /// Names of the objects that are open, the innermost last.
    keys: Vec<Key>,
}

impl<'a, 'l, const KEEP: bool> Scanner<'a, 'l, KEEP> {
    fn new(text: &'a str, limits: &Limits<'l>) -> Self {
        Self {
            text,
            at: 0,
            room: limits.max_depth.min(DEEPEST),
            depth: 0,
            names: Names::new(limits.member_names),
            maps: limits.map_names.split_ascii_whitespace().collect(),
            all_free: false,
            keys: Vec::with_capacity(64),
        }
    }

    fn document(&mut self) -> Scan<Value<'a>> {
        if self.text.starts_with('\u{feff}') {
            return Err(Fault::new(0, "the document starts with a byte order mark"));
        }
        self.space();
        if self.peek().is_none() {
            return Err(Fault::new(0, "the document is empty"));
        }
        let value = self.value(self.all_free)?;
        self.space();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(Fault::new(self.at, "text after the end of the document")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        self.at = space(self.text.as_bytes(), self.at);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The fault of finding something else than `wanted` here.
    #[cold]
    fn wrong(&self, wanted: &str) -> Box<Fault> {
        let rest = self.text.get(self.at..).unwrap_or("");
        match rest.chars().next() {
            None => Fault::new(self.at, END),
            Some('/') if rest.starts_with("//") || rest.starts_with("/*") => {
                Fault::new(self.at, "comments are not allowed")
            }
            Some(found) => {
                let found = quoted(found.encode_utf8(&mut [0; 4]), SHOWN);
                Fault::new(self.at, format!("expected {wanted}, found {found}"))
            }
        }
    }

    #[inline]
    fn value(&mut self, free: bool) -> Scan<Value<'a>> {
        match self.peek() {
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'{') => self.object(free),
            Some(b'[') => self.array(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(self.wrong("a value")),
        }
    }

    /// The string that begins here; most hold no escape and are over at the first special byte.
    #[inline]
    fn string(&mut self) -> Scan<Cow<'a, str>> {
        let from = self.at + 1;
        let end = special(self.text.as_bytes(), from);
        if let Some(end) = end.filter(|end| self.text.as_bytes().get(*end) == Some(&b'"')) {
            self.at = end + 1;
            return Ok(Cow::Borrowed(self.text.get(from..end).unwrap_or("")));
        }
        let (string, after) = string(self.text, self.at)?;
        self.at = after;
        Ok(string)
    }

    fn literal(&mut self, word: &str, value: Value<'a>) -> Scan<Value<'a>> {
        let rest = self.text.get(self.at..).unwrap_or("");
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        Err(if word.starts_with(rest) { Fault::new(self.text.len(), END) } else { self.wrong("a value") })
    }

    /// Steps into an array or object.
    fn enter(&mut self) -> Scan<()> {
        self.depth += 1;
        if self.depth > self.room {
            return Err(Fault::new(self.at, format!("nesting deeper than {} levels", self.room)));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// After an element: true past a comma, false past the closing bracket.
    #[inline]
    fn more(&mut self, close: u8) -> Scan<bool> {
        self.space();
        let at = self.at;
        match self.peek() {
            Some(b',') => {
                self.at = space(self.text.as_bytes(), at + 1);
                if self.peek() == Some(close) {
                    return Err(Fault::new(at, "trailing comma"));
                }
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at = at + 1;
                Ok(false)
            }
            _ => Err(self.wrong(if close == b'}' { "\",\" or \"}\"" } else { "\",\" or \"]\"" })),
        }
    }

    #[inline(never)]
    fn array(&mut self) -> Scan<Value<'a>> {
        self.enter()?;
        let mut more = !self.eat(b']');
        let mut elements = Vec::with_capacity(if KEEP && more { FEW } else { 0 });
        while more {
            let value = self.value(self.all_free)?;
            if KEEP {
                elements.push(value);
            }
            more = self.more(b']')?;
        }
        self.depth -= 1;
        Ok(if KEEP { Value::Array(elements) } else { Value::Null })
    }

    #[inline(never)]
    fn object(&mut self, free: bool) -> Scan<Value<'a>> {
        self.enter()?;
        let first = self.keys.len();
        let mut more = !self.eat(b'}');
        let mut members = Vec::with_capacity(if KEEP && more { FEW } else { 0 });
        while more {
            let name = self.name(free)?;
            let map =
                self.all_free || (self.peek() == Some(b'{') && self.maps.iter().any(|map| *map == name));
            let value = self.value(map)?;
            if KEEP {
                members.push((name, value));
            }
            more = self.more(b'}')?;
        }
        fold::check(self.keys.get(first..).unwrap_or(&[]), self.text, free)?;
        self.keys.truncate(first);
        self.depth -= 1;
        Ok(if KEEP { Value::Object(members) } else { Value::Null })
    }

    /// A member's name, with the colon after it.
    fn name(&mut self, free: bool) -> Scan<Cow<'a, str>> {
        let at = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.wrong("a member name in double quotes"));
        }
        let name = self.string()?;
        let hash = fold::hash(&name);
        if !free {
            self.names.check(&name, hash, at)?;
        }
        self.space();
        if !self.eat(b':') {
            return Err(self.wrong(&format!("\":\" after member {}", quoted(&name, SHOWN))));
        }
        self.space();
        self.keys.push(Key { hash, at });
        Ok(name)
    }

    /// Takes a run of at least one digit.
    fn digits(&mut self) -> Scan<()> {
        let mut at = self.at;
        while let Some(b'0'..=b'9') = self.text.as_bytes().get(at) {
            at += 1;
        }
        if at == self.at {
            return Err(self.wrong("a digit"));
        }
        self.at = at;
        Ok(())
    }

    /// A number of RFC 8259 section 6.
    #[inline(never)]
    fn number(&mut self) -> Scan<Value<'a>> {
        let from = self.at;
        self.eat(b'-');
        let whole = self.at;
        self.digits()?;
        if self.text.as_bytes().get(whole) == Some(&b'0') && self.at > whole + 1 {
            return Err(Fault::new(from, "number with a leading zero"));
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        let scaled = matches!(self.peek(), Some(b'e' | b'E'));
        if scaled {
            self.at += 1;
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        let number = self.text.get(from..self.at).unwrap_or("");
        if (scaled || number.len() > 300) && !number.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(Fault::new(from, format!("number {} is out of range", quoted(number, SHOWN))));
        }
        Ok(Value::Number(number))
    }
}
