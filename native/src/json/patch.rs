//! JSON Patch (RFC 6902) on text: bytes an operation does not touch stay as they are.

use super::pointer::{self, Entries, Entry};
use super::{Fault, Operation, Scan, TextError, quoted, scan};
use std::borrow::Cow;

/// How much of a pointer goes into a message.
const SHOWN: usize = 200;

/// Applies `operations` in order (RFC 6902 with RFC 6901 pointers). Numbers, whitespace and spelling outside
/// the touched members survive byte for byte, and new members are laid out like their siblings. The text and
/// every value must be JSON without duplicate names; case variants are left for `parse` to judge, since only
/// its caller knows which maps are free-form. A fault's place is in the text as the operations before left
/// it, or in the operation's own value.
pub fn apply(text: &str, operations: &[Operation]) -> Result<String, TextError> {
    scan::check(text).map_err(|fault| TextError::new(text, &fault))?;
    let mut current = text.to_owned();
    for operation in operations {
        if let Operation::Add { path, value } | Operation::Replace { path, value } = operation {
            scan::check(value).map_err(|fault| {
                let message =
                    format!("the value for {} is not acceptable: {}", quoted(path, SHOWN), fault.message);
                TextError::new(value, &Fault::new(fault.at, message))
            })?;
        }
        current = step(&current, operation).map_err(|fault| TextError::new(&current, &fault))?;
    }
    if !operations.is_empty() {
        scan::check(&current).map_err(|fault| TextError::new(&current, &fault))?;
    }
    Ok(current)
}

/// Applies one operation to valid text.
fn step(text: &str, operation: &Operation) -> Scan<String> {
    let (verb, path) = match operation {
        Operation::Add { path, .. } => ("add", path),
        Operation::Replace { path, .. } => ("replace", path),
        Operation::Remove { path } => ("remove", path),
    };
    let refuse =
        |at: usize, why: &str| Fault::new(at, format!("cannot {verb} {}: {why}", quoted(path, SHOWN)));
    let tokens = pointer::tokens(path).map_err(|why| refuse(0, why))?;
    let edit = match operation {
        Operation::Add { value, .. } => add(text, &tokens, value.trim_ascii()),
        Operation::Replace { value, .. } => replace(text, &tokens, value.trim_ascii()),
        Operation::Remove { .. } => remove(text, &tokens),
    };
    let edit = edit.map_err(|(at, why)| refuse(at, why))?;
    let head = text.get(..edit.from).unwrap_or("");
    let tail = text.get(edit.to..).unwrap_or("");
    Ok([head, &edit.put, tail].concat())
}

/// The one change an operation makes: `put` takes the place of the bytes between `from` and `to`.
struct Edit<'v> {
    from: usize,
    to: usize,
    put: Cow<'v, str>,
}

/// An edit, or the place of the innermost value that was found and why there is no edit.
type Outcome<'v> = Result<Edit<'v>, (usize, &'static str)>;

const NO_TARGET: &str = "there is no such value";
const NO_PARENT: &str = "its parent does not exist";
const NO_CONTAINER: &str = "its parent is neither an object nor an array";

fn replace<'v>(text: &str, tokens: &[Cow<str>], value: &'v str) -> Outcome<'v> {
    let (from, _) = pointer::find(text, tokens).map_err(|at| (at, NO_TARGET))?;
    let to = pointer::value_end(text.as_bytes(), from).ok_or((from, NO_TARGET))?;
    Ok(Edit { from, to, put: value.into() })
}

fn remove(text: &str, tokens: &[Cow<str>]) -> Outcome<'static> {
    let (last, parent) = tokens.split_last().ok_or((0, "the whole document cannot go"))?;
    let (at, _) = pointer::find(text, parent).map_err(|at| (at, NO_TARGET))?;
    let mut entries = Entries::of(text, at).ok_or((at, NO_TARGET))?;
    let (mut before, mut position) = (None::<Entry>, 0);
    let target = loop {
        let entry = entries.next().ok_or((at, NO_TARGET))?;
        if entries.is(&entry, position, last) {
            break entry;
        }
        (before, position) = (Some(entry), position + 1);
    };
    // With the comma and the space that follow; for the last entry with those before it; for the only one
    // with all that is between the brackets.
    let (from, to) = match (before, entries.next()) {
        (_, Some(next)) => (target.start, next.start),
        (Some(before), None) => (before.end, target.end),
        (None, None) => (target.lead, entries.at),
    };
    Ok(Edit { from, to, put: "".into() })
}

fn add<'v>(text: &str, tokens: &[Cow<str>], value: &'v str) -> Outcome<'v> {
    let Some((last, parent)) = tokens.split_last() else {
        return replace(text, tokens, value);
    };
    let (at, colon) = pointer::find(text, parent).map_err(|at| (at, NO_PARENT))?;
    let mut entries = Entries::of(text, at).ok_or((at, NO_CONTAINER))?;
    let (mut layout, mut target) = (Layout::new(text, colon), None);
    while let Some(entry) = entries.next() {
        if target.is_none() && entries.is(&entry, layout.count, last) {
            target = Some(entry);
        }
        layout.take(&entry, entries.object);
    }
    let appends = entries.object || last == "-" || pointer::index(last) == Some(layout.count);
    match target {
        Some(entry) if entries.object => Ok(Edit { from: entry.value, to: entry.end, put: value.into() }),
        Some(entry) => {
            let put = format!("{value},{}", layout.gap());
            Ok(Edit { from: entry.start, to: entry.start, put: put.into() })
        }
        None if appends => {
            let name = entries.object.then_some(last.as_ref());
            Ok(layout.append(at + 1, entries.at, name, value))
        }
        None if pointer::index(last).is_some() => Err((at, "the index is past the end of the array")),
        None => Err((at, "its last part is not an array index")),
    }
}

/// How the entries of an array or object are laid out, gathered over all of them.
struct Layout<'t> {
    text: &'t str,
    count: usize,
    /// From a name to its value; that of an outer member where there is none inside.
    colon: &'t str,
    /// Whitespace before an entry: of the last on a line of its own, or else of the last.
    lead: &'t str,
    /// After the last entry.
    end: usize,
}

impl<'t> Layout<'t> {
    fn new(text: &'t str, colon: &'t str) -> Self {
        Self { text, count: 0, colon, lead: "", end: 0 }
    }

    fn take(&mut self, entry: &Entry, object: bool) {
        let lead = self.text.get(entry.lead..entry.start).unwrap_or("");
        if lead.contains('\n') || !self.lead.contains('\n') {
            self.lead = lead;
        }
        if object {
            self.colon = self.text.get(entry.name_end..entry.value).unwrap_or(":");
        }
        self.count += 1;
        self.end = entry.end;
    }

    /// From a name to its value, on one line.
    fn colon(&self) -> &'t str {
        if self.colon.contains(['\n', '\r']) {
            return ": ";
        }
        self.colon
    }

    /// From a comma to the next entry; beside a lone entry such as in `{"a": 1}` the colon tells the style.
    fn gap(&self) -> &'t str {
        if self.count == 1 && self.lead.is_empty() && self.colon().ends_with(' ') {
            return " ";
        }
        self.lead
    }

    /// The edit that puts a new entry last between the brackets whose insides are `open..close`.
    fn append<'v>(&self, open: usize, close: usize, name: Option<&str>, value: &'v str) -> Edit<'v> {
        let mut put = String::new();
        let from = if self.count == 0 {
            put.push_str(self.text.get(open..close).unwrap_or(""));
            open
        } else {
            put.push(',');
            put.push_str(self.gap());
            self.end
        };
        if let Some(name) = name {
            write_name(&mut put, name);
            put.push_str(self.colon());
        }
        put.push_str(value);
        Edit { from, to: from, put: put.into() }
    }
}

/// Writes a member name with the escapes RFC 8259 section 7 asks for and no others.
fn write_name(out: &mut String, name: &str) {
    out.push('"');
    for character in name.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push('"');
}
