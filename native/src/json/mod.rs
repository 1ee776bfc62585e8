//! Strict JSON: one scan that refuses whatever two parsers could read differently, and a byte-preserving patch.

mod fold;
mod patch;
mod pointer;
mod scan;
pub mod schema;
mod string;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::{fmt, mem};

pub use patch::apply;
pub use scan::parse;

/// Parses a document and holds it to a definition of a schema; the error names the member and its place.
pub fn parse_as<'a>(text: &'a str, max_depth: usize, shape: &schema::Shape) -> Result<Value<'a>, TextError> {
    let limits = Limits { max_depth, member_names: &shape.member_names, map_names: &shape.map_names };
    let value = parse(text, &limits)?;
    match shape.schema.mismatch(&value) {
        None => Ok(value),
        Some(wrong) => Err(TextError::new(text, &misfit(text, &wrong))),
    }
}

fn misfit(text: &str, wrong: &schema::Mismatch) -> Fault {
    let place = if wrong.pointer.is_empty() { "the document" } else { &wrong.pointer };
    // A missing member has no place of its own: the object that lacks it has.
    let tokens = pointer::tokens(&wrong.pointer).unwrap_or_default();
    let at = pointer::find(text, &tokens).map_or_else(|parent| parent, |(at, _)| at);
    Fault { at, message: format!("{place} must be {}", wrong.expected) }
}

/// What `parse` holds a document to beyond the grammar of RFC 8259.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Deepest nesting of arrays and objects allowed (`[]` has depth 1); never more than 512, which keeps
    /// the recursion off the end of the stack.
    pub max_depth: usize,
    /// Space-separated names the consumers know: a case variant of one of them is refused, because Go's
    /// `encoding/json` would take it for that name (golang issue 14750) and a C parser would not.
    pub member_names: &'a str,
    /// Space-separated names whose object values are free-form maps, where only exact duplicates are refused.
    pub map_names: &'a str,
}

/// Why a text was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError {
    /// One plain sentence.
    pub message: String,
    /// Line of the fault, from 1.
    pub line: usize,
    /// Column of the fault in characters, from 1.
    pub column: usize,
}

impl TextError {
    /// Turns a byte offset in `text` into a line and a column.
    #[cold]
    fn new(text: &str, fault: &Fault) -> Self {
        let before = text.get(..fault.at).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self { message: fault.message.clone(), line, column }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

impl std::error::Error for TextError {}

/// A JSON value (RFC 8259 section 3) that borrows from its text; numbers keep the spelling they came in.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The number as written, finite as an IEEE 754 double.
    Number(&'a str),
    /// The string, borrowed where it holds no escape.
    String(Cow<'a, str>),
    /// The elements in order.
    Array(Vec<Value<'a>>),
    /// The members in the order of the text, with distinct names.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl Value<'_> {
    /// The same in no more memory than it takes: for what is kept, where a document is read and dropped.
    pub fn fitted(mut self) -> Self {
        match &mut self {
            Value::Array(elements) => {
                elements.iter_mut().for_each(|each| *each = mem::replace(each, Value::Null).fitted());
                elements.shrink_to_fit();
            }
            Value::Object(members) => {
                members.iter_mut().for_each(|(_, each)| *each = mem::replace(each, Value::Null).fitted());
                members.shrink_to_fit();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        self
    }
}

/// One operation of RFC 6902: `path` is an RFC 6901 pointer, `value` is JSON text that goes in as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'a> {
    /// Adds a member or an element, or replaces the member of that name (RFC 6902 section 4.1).
    Add {
        /// Where the value goes; `-` as the last token appends to an array.
        path: &'a str,
        /// The JSON text of the value.
        value: &'a str,
    },
    /// Replaces a value that exists (RFC 6902 section 4.3).
    Replace {
        /// The value that goes.
        path: &'a str,
        /// The JSON text of the value that comes.
        value: &'a str,
    },
    /// Removes a value that exists (RFC 6902 section 4.2).
    Remove {
        /// The value that goes.
        path: &'a str,
    },
}

/// How much of a name goes into a message.
const SHOWN: usize = 40;
const END: &str = "unexpected end of input";

/// Boxed, so that the results of the scan stay small.
type Scan<T> = Result<T, Box<Fault>>;

/// A fault at a byte offset, before it has a line and a column.
#[derive(Debug)]
struct Fault {
    at: usize,
    message: String,
}

impl Fault {
    #[cold]
    fn new(at: usize, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { at, message: message.into() })
    }
}

/// `text` as an ASCII JSON string (RFC 8259 section 7) of at most `most` characters between the quotes.
fn quoted(text: &str, most: usize) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        let from = out.len();
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => character
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
        if out.len() > most + 1 {
            out.truncate(from);
            out.push_str("...");
            break;
        }
    }
    out.push('"');
    out
}
