//! JSON strings (RFC 8259 section 7): finding where they end and what their escapes stand for.

use super::{END, Fault, SHOWN, Scan, quoted};
use std::borrow::Cow;

/// One in every byte of a word, and the top bit of every byte.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES << 7;

/// Offset from `from` of the first quote, backslash or control character, eight bytes at a time.
#[inline]
pub(super) fn special(bytes: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut rest) = (from, bytes.get(from..)?);
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let hits = (zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c)) | control) & HIGH;
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize / 8);
        }
        (at, rest) = (at + 8, tail);
    }
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).map(|step| at + step)
}

/// The offset of the first byte from `from` on that is not whitespace, with long indentations taken in strides.
#[inline]
pub(super) fn space(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte @ (b' ' | b'\n' | b'\t' | b'\r')) = bytes.get(at) {
        at += 1;
        if *byte == b'\n' {
            while let Some(chunk) =
                bytes.get(at..at.saturating_add(8)).and_then(|chunk| chunk.first_chunk::<8>())
            {
                let other = u64::from_le_bytes(*chunk) ^ (ONES * 0x20);
                at += other.trailing_zeros() as usize / 8;
                if other != 0 {
                    break;
                }
            }
        }
    }
    at
}

/// The string whose opening quote is at `at`, unescaped (RFC 8259 section 7), and the offset after it.
pub(super) fn string(text: &str, at: usize) -> Scan<(Cow<'_, str>, usize)> {
    let bytes = text.as_bytes();
    let (mut from, mut owned) = (at + 1, None::<String>);
    loop {
        let end = special(bytes, from).ok_or_else(|| Fault::new(text.len(), END))?;
        let run = text.get(from..end).unwrap_or("");
        match bytes.get(end) {
            Some(b'"') => {
                let whole = owned.map_or(Cow::Borrowed(run), |head| Cow::Owned(head + run));
                return Ok((whole, end + 1));
            }
            Some(b'\\') => {
                let (character, after) = escape(text, end)?;
                let head = owned.get_or_insert_with(String::new);
                head.push_str(run);
                head.push(character);
                from = after;
            }
            other => {
                let code = other.copied().unwrap_or(0);
                return Err(Fault::new(end, format!("control character U+{code:04X} in a string")));
            }
        }
    }
}

/// The character an escape at `at` stands for and the offset after it.
fn escape(text: &str, at: usize) -> Scan<(char, usize)> {
    let character = match text.as_bytes().get(at + 1) {
        Some(letter @ (b'"' | b'\\' | b'/')) => char::from(*letter),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(text, at),
        Some(_) => {
            let letter: String = text.get(at + 1..).unwrap_or("").chars().take(1).collect();
            return Err(Fault::new(at, format!("invalid escape of {} in a string", quoted(&letter, SHOWN))));
        }
        None => return Err(Fault::new(text.len(), END)),
    };
    Ok((character, at + 2))
}

/// `escape` for `\uXXXX`, alone or as a surrogate pair.
fn unicode_escape(text: &str, at: usize) -> Scan<(char, usize)> {
    let unit = |from: usize| -> Option<u32> {
        let digits = text.as_bytes().get(from..)?.strip_prefix(b"\\u")?.first_chunk::<4>()?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    };
    let first = unit(at).ok_or_else(|| Fault::new(at, "\\u without four hexadecimal digits"))?;
    if first == 0 {
        return Err(Fault::new(at, "\\u0000 in a string"));
    }
    if let Some(character) = char::from_u32(first) {
        return Ok((character, at + 6));
    }
    let second = unit(at + 6).filter(|second| first < 0xdc00 && (0xdc00..0xe000).contains(second));
    second
        .and_then(|second| char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)))
        .map(|character| (character, at + 12))
        .ok_or_else(|| Fault::new(at, format!("lone surrogate \\u{first:04x} in a string")))
}
