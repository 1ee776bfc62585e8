//! Modules lie packed in the executable, since few calls load most of them and size counts: DEFLATE (RFC 1951), packed
//! by build.rs.

use miniz_oxide::inflate::decompress_slice_iter_to_slice;

/// What was packed, whose length is known; `None` where there is no memory for it, or the bytes are not that.
pub fn unpack(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::new();
    out.try_reserve_exact(length).ok()?;
    out.resize(length, 0);
    let unpacked = decompress_slice_iter_to_slice(&mut out, std::iter::once(packed), false, true);
    (unpacked == Ok(length)).then_some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// "a rule, a rule, a rule", with a repetition.
    const PACKED: [u8; 12] = [0x4b, 0x54, 0x28, 0x2a, 0xcd, 0x49, 0xd5, 0x51, 0x48, 0x44, 0xa1, 0x01];
    const TEXT: &[u8] = b"a rule, a rule, a rule";

    #[test]
    fn what_was_packed_comes_back() {
        assert_eq!(unpack(&PACKED, TEXT.len()).as_deref(), Some(TEXT));
    }

    #[test]
    fn a_cut_and_another_length_are_noticed() {
        assert!((0..PACKED.len()).all(|end| unpack(PACKED.get(..end).unwrap(), TEXT.len()).is_none()));
        assert_eq!(unpack(&PACKED, TEXT.len() - 1), None);
        assert_eq!(unpack(&PACKED, TEXT.len() + 1), None);
        assert_eq!(unpack(&PACKED, usize::MAX), None);
    }
}
