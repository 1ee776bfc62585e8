//! JSON Pointers (RFC 6901) over JSON text: the spans of members and elements, without building a tree.

use super::string::{space, special, string};
use std::borrow::Cow;

/// The reference tokens of a pointer, unescaped (RFC 6901 sections 3 and 4); none for the whole document.
pub(super) fn tokens(path: &str) -> Result<Vec<Cow<'_, str>>, &'static str> {
    let Some(rest) = path.strip_prefix('/') else {
        return if path.is_empty() { Ok(Vec::new()) } else { Err("it does not start with \"/\"") };
    };
    rest.split('/').map(token).collect()
}

fn token(raw: &str) -> Result<Cow<'_, str>, &'static str> {
    let stray = raw.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
    if stray {
        return Err("\"~\" stands before neither \"0\" nor \"1\"");
    }
    Ok(if raw.contains('~') { raw.replace("~1", "/").replace("~0", "~").into() } else { raw.into() })
}

/// An array index: decimal digits without leading zeros (RFC 6901 section 4).
pub(super) fn index(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    token.parse().ok().filter(|_| digits)
}

/// Byte offsets of one member or element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// After the opening bracket or the comma before it.
    pub lead: usize,
    /// The name's opening quote, or the element itself.
    pub start: usize,
    /// After the name's closing quote; `start` for an element.
    pub name_end: usize,
    /// The value.
    pub value: usize,
    /// After the value.
    pub end: usize,
}

/// Walks over the entries of an array or object in text that is known to be valid JSON.
pub(super) struct Entries<'t> {
    text: &'t str,
    /// Whether names stand before the values.
    pub object: bool,
    /// Where the next entry begins; the closing bracket once all entries were taken.
    pub at: usize,
    done: bool,
}

impl<'t> Entries<'t> {
    /// The entries of the value at `at`, if that is an array or object.
    pub fn of(text: &'t str, at: usize) -> Option<Self> {
        let object = match text.as_bytes().get(at)? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        Some(Self { text, object, at: at + 1, done: false })
    }

    /// Whether an entry is the one that a reference token names; `position` is its place from 0.
    pub fn is(&self, entry: &Entry, position: usize, token: &str) -> bool {
        if !self.object {
            return index(token) == Some(position);
        }
        let raw = self.text.get(entry.start + 1..entry.name_end.saturating_sub(1)).unwrap_or("");
        if !raw.contains('\\') {
            return raw == token;
        }
        string(self.text, entry.start).is_ok_and(|(name, _)| name == token)
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if self.done {
            return None;
        }
        let bytes = self.text.as_bytes();
        let lead = self.at;
        let start = space(bytes, lead);
        if let Some(b'}' | b']') = bytes.get(start) {
            (self.at, self.done) = (start, true);
            return None;
        }
        let (mut name_end, mut value) = (start, start);
        if self.object {
            name_end = string_end(bytes, start)?;
            value = space(bytes, space(bytes, name_end) + 1);
        }
        let end = value_end(bytes, value)?;
        let after = space(bytes, end);
        self.done = bytes.get(after) != Some(&b',');
        self.at = if self.done { after } else { after + 1 };
        Some(Entry { lead, start, name_end, value, end })
    }
}

/// The offset of the value that `tokens` lead to and the text between the last name and it (such as `": "`);
/// or else the offset of the innermost value on the way that exists.
pub(super) fn find<'t>(text: &'t str, tokens: &[Cow<str>]) -> Result<(usize, &'t str), usize> {
    let (mut at, mut colon) = (space(text.as_bytes(), 0), ":");
    for token in tokens {
        let mut entries = Entries::of(text, at).ok_or(at)?;
        let mut position = 0;
        let entry = loop {
            let entry = entries.next().ok_or(at)?;
            if entries.is(&entry, position, token) {
                break entry;
            }
            position += 1;
        };
        if entries.object {
            colon = text.get(entry.name_end..entry.value).unwrap_or(":");
        }
        at = entry.value;
    }
    Ok((at, colon))
}

/// The offset after the string whose opening quote is at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let end = special(bytes, from)?;
        match bytes.get(end)? {
            b'"' => return Some(end + 1),
            _ => from = end + 2,
        }
    }
}

/// The offset after the value at `at`.
pub(super) fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => return string_end(bytes, at),
        b'{' | b'[' => {}
        _ => {
            let rest = bytes.get(at..)?;
            let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\t' | b'\r');
            return Some(rest.iter().position(ends).map_or(bytes.len(), |length| at + length));
        }
    }
    let (mut at, mut depth) = (at, 0usize);
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'\n' => {
                at = space(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pointers() {
        assert_eq!(tokens("").map(|tokens| tokens.len()), Ok(0));
        assert_eq!(tokens("/"), Ok(vec!["".into()]));
        assert_eq!(tokens("/a~1b/~01/m~0n/"), Ok(["a/b", "~1", "m~n", ""].map(Cow::from).to_vec()));
        for wrong in ["a", "#/a", "/~", "/a~2", "/~0~"] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_array_indices() {
        for (token, wanted) in [("0", Some(0)), ("10", Some(10)), ("00", None), ("01", None), ("-", None)] {
            assert_eq!(index(token), wanted, "{token}");
        }
        for wrong in ["", "+1", "-1", "1.0", "1e0", "99999999999999999999", "٣"] {
            assert_eq!(index(wrong), None, "{wrong}");
        }
    }
}
