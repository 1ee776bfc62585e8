//! Case folding of member names the way Go's `encoding/json` folds them, and the search for names that clash.

use super::string::string;
use super::{Fault, SHOWN, Scan, quoted};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Objects up to this many members are compared pair by pair; larger ones are sorted.
const SMALL: usize = 24;

/// A member name by its folded hash; the name itself is read again in the rare case that hashes are equal.
#[derive(Clone, Copy)]
pub(super) struct Key {
    /// Of `hash`, equal for names that are equal after folding.
    pub hash: u64,
    /// The opening quote in the text.
    pub at: usize,
}

impl Key {
    fn name<'a>(&self, text: &'a str) -> Cow<'a, str> {
        string(text, self.at).map(|(name, _)| name).unwrap_or_default()
    }
}

/// The characters of `name` after folding: never finer than Go's `foldFunc` (golang issue 14750), so U+017F
/// becomes `s` and U+212A becomes `k`; a few pairs Go keeps apart (`ı` and `i`) are taken as equal too.
fn folded(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// Orders two names: as they are when `exact`, after folding otherwise.
fn order(left: &str, right: &str, exact: bool) -> Ordering {
    if exact {
        return left.cmp(right);
    }
    if left.is_ascii() && right.is_ascii() {
        let lower = |name| str::bytes(name).map(|byte| byte.to_ascii_lowercase());
        return lower(left).cmp(lower(right));
    }
    folded(left).cmp(folded(right))
}

/// Whether two names are equal after folding.
pub(super) fn same(left: &str, right: &str) -> bool {
    left == right || left.eq_ignore_ascii_case(right) || folded(left).eq(folded(right))
}

/// A hash that is equal for names that are equal after folding; it only ever narrows down a search.
pub(super) fn hash(name: &str) -> u64 {
    if name.is_ascii() {
        return mix(name.as_bytes());
    }
    mix(folded(name).collect::<String>().as_bytes())
}

/// Hashes eight bytes at a time, blind to the bit in which ASCII cases differ.
fn mix(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    let mut add = |word: u64| {
        hash = (hash.rotate_left(5) ^ (word | 0x2020_2020_2020_2020)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    };
    let mut rest = bytes;
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        add(u64::from_le_bytes(*chunk));
        rest = tail;
    }
    match (bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(last), ..) => add(u64::from_le_bytes(*last)),
        (_, Some(first), Some(last)) => {
            add(u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)))
        }
        _ => add(bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    }
    hash ^ (hash >> 32)
}

/// A set of known names that answers which of them a name is a case variant of.
pub(super) struct Names<'a> {
    /// By hash, where in `known` the newest name of a chain is, counted from 1; a power of two of them.
    heads: Vec<usize>,
    /// Hash, name and the one before it in its chain.
    known: Vec<(u64, &'a str, usize)>,
}

impl<'a> Names<'a> {
    /// Reads space-separated names.
    pub fn new(list: &'a str) -> Self {
        let likely = list.len() / 8;
        let size = if list.is_empty() { 0 } else { likely.next_power_of_two() };
        let mut names = Self { heads: vec![0; size], known: Vec::with_capacity(likely) };
        for name in list.split_ascii_whitespace() {
            let hash = hash(name);
            let chain = names.chain(hash);
            if let Some(head) = names.heads.get_mut(chain) {
                names.known.push((hash, name, *head));
                *head = names.known.len();
            }
        }
        names
    }

    /// Refuses a name that folds to a known name without being any known name itself.
    pub fn check(&self, name: &str, hash: u64, at: usize) -> Scan<()> {
        let Some(known) = self.variant_of(name, hash) else {
            return Ok(());
        };
        let message = format!("{} is a case variant of {}", quoted(name, SHOWN), quoted(known, SHOWN));
        Err(Fault::new(at, message))
    }

    fn chain(&self, hash: u64) -> usize {
        hash as usize & self.heads.len().wrapping_sub(1)
    }

    fn variant_of(&self, name: &str, hash: u64) -> Option<&'a str> {
        let mut variant = None;
        let mut next = self.heads.get(self.chain(hash)).copied().unwrap_or(0);
        while let Some((at_hash, known, before)) = self.known.get(next.wrapping_sub(1)) {
            if *at_hash == hash {
                if *known == name {
                    return None;
                }
                variant = variant.or(Some(*known).filter(|known| same(known, name)));
            }
            next = *before;
        }
        variant
    }
}

/// Refuses an object two of whose names clash: equal names when `exact`, names equal after folding otherwise.
pub(super) fn check(keys: &[Key], text: &str, exact: bool) -> Scan<()> {
    let clash = if keys.len() > SMALL { clash_sorted(keys, text, exact) } else { clash(keys, text, exact) };
    let Some((earlier, later)) = clash else {
        return Ok(());
    };
    let (first, second) = (earlier.name(text), later.name(text));
    let shown = quoted(&second, SHOWN);
    let message = if first == second {
        format!("duplicate member {shown}")
    } else {
        format!("member {shown} differs only in case from {}", quoted(&first, SHOWN))
    };
    Err(Fault::new(later.at, message))
}

/// The first of an object's names that clashes with an earlier one, as (earlier, later).
fn clash(keys: &[Key], text: &str, exact: bool) -> Option<(Key, Key)> {
    let clashes = |left: &Key, right: &Key| {
        left.hash == right.hash && order(&left.name(text), &right.name(text), exact).is_eq()
    };
    (2..=keys.len()).find_map(|count| {
        let (later, before) = keys.get(..count)?.split_last()?;
        before.iter().find(|earlier| clashes(earlier, later)).map(|earlier| (*earlier, *later))
    })
}

/// `clash` for many members, in n log n steps whatever the names are (their hashes can be made to collide).
fn clash_sorted(keys: &[Key], text: &str, exact: bool) -> Option<(Key, Key)> {
    let order = |left: &Key, right: &Key| {
        left.hash.cmp(&right.hash).then_with(|| order(&left.name(text), &right.name(text), exact))
    };
    let mut sorted = keys.to_vec();
    sorted.sort_unstable_by(|left, right| order(left, right).then(left.at.cmp(&right.at)));
    let neighbours = sorted.iter().zip(sorted.iter().skip(1));
    let clashes = neighbours.filter(|(left, right)| order(left, right).is_eq());
    clashes.min_by_key(|(_, later)| later.at).map(|(earlier, later)| (*earlier, *later))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_like_go_and_no_finer_than_unicode() {
        for (left, right) in
            [("Process", "pROCESS"), ("sy\u{17f}ctl", "sysctl"), ("\u{212a}ind", "kind"), ("GRÖßE", "größe")]
        {
            assert!(
                same(left, right) && hash(left) == hash(right) && order(left, right, false).is_eq(),
                "{left}"
            );
        }
        assert!(!same("uid", "gid") && !same("a[", "a{") && !same("a", "ab"));
        for character in ('\0'..=char::MAX).filter(|c| c.to_lowercase().count() == 1) {
            let (raw, lower, upper) = (
                character.to_string(),
                character.to_lowercase().to_string(),
                character.to_uppercase().to_string(),
            );
            assert!(same(&raw, &lower) && same(&raw, &upper), "{character:?}");
        }
    }

    #[test]
    fn knows_variants_of_the_known_names() {
        let names = Names::new("process uid UID  kind");
        for (name, variant) in [("Process", Some("process")), ("uid", None), ("UID", None), ("other", None)] {
            assert_eq!(names.variant_of(name, hash(name)), variant);
        }
        assert_eq!(names.variant_of("\u{212a}ind", hash("\u{212a}ind")), Some("kind"));
        assert!(names.variant_of("Uid", hash("Uid")).is_some());
        assert_eq!(Names::new("").variant_of("Process", hash("Process")), None);
    }
}
