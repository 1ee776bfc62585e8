// Packs a module for the executable; the format is told in src/packed.rs.

use std::collections::HashMap;

use super::{LONG, SHORTEST};

/// Places that are tried for the longest repetition.
const TRIED: usize = 64;

/// Packs bytes, the same way each time.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    number(&mut out, bytes.len());
    let mut seen: HashMap<&[u8], Vec<usize>> = HashMap::new();
    let (mut at, mut literal) = (0, 0);
    while at < bytes.len() {
        let found = longest(bytes, at, &seen);
        note(bytes, at, &mut seen);
        let Some((from, length)) = found else {
            at += 1;
            continue;
        };
        if longest(bytes, at + 1, &seen).is_some_and(|(_, later)| later > length + 1) {
            at += 1;
            continue;
        }
        pair(&mut out, &bytes[literal..at], Some((at - from, length)));
        (at + 1..at + length).for_each(|each| note(bytes, each, &mut seen));
        at += length;
        literal = at;
    }
    pair(&mut out, &bytes[literal..], None);
    out
}

/// Where the longest repetition of what comes here begins, and its length; not such as would take more than it saves.
fn longest(bytes: &[u8], at: usize, seen: &HashMap<&[u8], Vec<usize>>) -> Option<(usize, usize)> {
    let places = seen.get(bytes.get(at..at + SHORTEST)?)?;
    let lengths = places.iter().rev().take(TRIED).map(|from| {
        let same = bytes[*from..].iter().zip(&bytes[at..]).take_while(|(one, other)| one == other);
        (*from, same.count())
    });
    // Of equal ones the nearest, which comes first.
    let best = lengths.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    (best.1 > SHORTEST || at - best.0 < 1 << 14).then_some(best)
}

fn note<'a>(bytes: &'a [u8], at: usize, seen: &mut HashMap<&'a [u8], Vec<usize>>) {
    if let Some(key) = bytes.get(at..at + SHORTEST) {
        seen.entry(key).or_default().push(at);
    }
}

fn pair(out: &mut Vec<u8>, literals: &[u8], repetition: Option<(usize, usize)>) {
    let extra = repetition.map_or(0, |(_, length)| length - SHORTEST);
    let nibble = |length: usize| length.min(usize::from(LONG)) as u8;
    out.push(nibble(literals.len()) << 4 | nibble(extra));
    rest(out, literals.len());
    out.extend_from_slice(literals);
    if let Some((distance, _)) = repetition {
        rest(out, extra);
        number(out, distance);
    }
}

fn rest(out: &mut Vec<u8>, length: usize) {
    if let Some(rest) = length.checked_sub(usize::from(LONG)) {
        number(out, rest);
    }
}

fn number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
