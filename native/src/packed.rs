//! Modules lie packed in the executable (native/pack.rs packs them): most of them few calls load, and size counts.
//!
//! The format: the unpacked length, then pairs of a literal run and a repetition of what came before, the last without
//! the repetition. A pair is a byte with both lengths, four bits each, where 15 means that the rest follows as a number;
//! the literal bytes; how far back the repetition begins. A repetition is [`SHORTEST`] bytes longer than is written.
//! Numbers are written as LEB128.

pub const SHORTEST: usize = 4;
/// A length that four bits cannot say.
pub const LONG: u8 = 15;

/// What was packed; `None` where there is no memory for it, or the bytes are not of this format.
pub fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut input = packed;
    let length = number(&mut input)?;
    let mut out: Vec<u8> = Vec::new();
    out.try_reserve_exact(length).ok()?;
    loop {
        let (token, rest) = input.split_first()?;
        input = rest;
        let literals = run(token >> 4, &mut input)?;
        let (literals, rest) = input.split_at_checked(literals)?;
        input = rest;
        out.extend_from_slice(literals);
        if out.len() >= length {
            return (out.len() == length && input.is_empty()).then_some(out);
        }
        let repeated = SHORTEST + run(token & LONG, &mut input)?;
        let from = out.len().checked_sub(number(&mut input)?)?;
        if from + repeated <= out.len() {
            out.extend_from_within(from..from + repeated);
        } else {
            for at in from..from + repeated {
                out.push(*out.get(at)?);
            }
        }
    }
}

fn run(nibble: u8, input: &mut &[u8]) -> Option<usize> {
    let rest = if nibble == LONG { number(input)? } else { 0 };
    Some(usize::from(nibble) + rest)
}

fn number(input: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    for shift in [0, 7, 14, 21] {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
#[path = "../pack.rs"]
#[allow(clippy::indexing_slicing)]
mod pack;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn unpacking_gives_what_was_packed(bytes in prop::collection::vec(0u8..4, 0..3000)) {
            prop_assert_eq!(unpack(&pack::pack(&bytes)), Some(bytes));
        }

        #[test]
        fn any_bytes_are_unpacked_or_refused(bytes in prop::collection::vec(any::<u8>(), 3..300)) {
            // Of what a module may be at most, lest a test ask for all memory.
            let length = [bytes.first().unwrap() | 0x80, bytes.get(1).unwrap() & 0x7f];
            let _ = unpack(&[&length, bytes.as_slice()].concat());
        }
    }

    #[test]
    fn what_repeats_gets_small_and_a_cut_is_noticed() {
        let text = "a rule that repeats itself; ".repeat(400);
        let packed = pack::pack(text.as_bytes());
        assert!(packed.len() < 50);
        assert_eq!(unpack(&packed), Some(text.into_bytes()));
        assert!((0..packed.len()).all(|end| unpack(packed.get(..end).unwrap()).is_none()));
    }
}
