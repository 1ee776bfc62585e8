//! A gzip stream (RFC 1952) unpacked piece by piece: members one after another, checksum and length held to what is said.

use std::io::{self, BufRead, BufReader, Read};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

/// The first bytes of a gzip member.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Unpacks what it reads. A stream that is damaged or cut short is `InvalidData` once all before it has been given out.
pub struct Unpacked<R> {
    packed: BufReader<R>,
    state: Box<InflateState>,
    checksum: u32,
    length: u32,
    is_inside: bool,
    is_damaged: bool,
}

impl<R: Read> Unpacked<R> {
    pub fn new(packed: R) -> Unpacked<R> {
        Unpacked {
            packed: BufReader::with_capacity(1 << 16, packed),
            state: Box::new(InflateState::new(DataFormat::Raw)),
            checksum: !0,
            length: 0,
            is_inside: false,
            is_damaged: false,
        }
    }

    /// Passes a member's header; false where the stream has ended instead.
    fn begin(&mut self) -> io::Result<bool> {
        // Some writers pad with zeros.
        loop {
            match self.packed.fill_buf()?.first() {
                None => return Ok(false),
                Some(0) => self.packed.consume(1),
                Some(_) => break,
            }
        }
        let head: [u8; 10] = self.take()?;
        let flags = head[3];
        if head[..2] != MAGIC || head[2] != 8 || flags & 0xe0 != 0 {
            return Err(damaged());
        }
        if flags & 4 != 0 {
            let length: [u8; 2] = self.take()?;
            for _ in 0..u16::from_le_bytes(length) {
                self.take::<1>()?;
            }
        }
        // Name and comment, each up to a NUL; then the header's own checksum.
        for _ in 0..u32::from(flags & 8 != 0) + u32::from(flags & 16 != 0) {
            while self.take::<1>()? != [0] {}
        }
        if flags & 2 != 0 {
            self.take::<2>()?;
        }
        self.state.reset(DataFormat::Raw);
        (self.checksum, self.length, self.is_inside) = (!0, 0, true);
        Ok(true)
    }

    fn end(&mut self) -> io::Result<()> {
        let (checksum, length): ([u8; 4], [u8; 4]) = (self.take()?, self.take()?);
        self.is_inside = false;
        let fits =
            u32::from_le_bytes(checksum) == !self.checksum && u32::from_le_bytes(length) == self.length;
        if fits { Ok(()) } else { Err(damaged()) }
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.packed.read_exact(&mut bytes).map_err(|_| damaged())?;
        Ok(bytes)
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if self.is_damaged {
                return Err(damaged());
            }
            if !self.is_inside && !self.begin()? {
                return Ok(0);
            }
            let input = self.packed.fill_buf()?;
            let is_last = input.is_empty();
            let step = inflate(&mut self.state, input, out, MZFlush::None);
            self.packed.consume(step.bytes_consumed);
            let written = out.get(..step.bytes_written).unwrap_or_default();
            self.checksum = written.iter().fold(self.checksum, |sum, byte| checksum(sum, *byte));
            self.length = self.length.wrapping_add(written.len() as u32);
            match step.status {
                Ok(MZStatus::StreamEnd) => self.is_damaged = self.end().is_err(),
                Ok(_) => self.is_damaged = is_last && step.bytes_written == 0,
                Err(_) => self.is_damaged = true,
            }
            // What came out before the damage is given out first.
            if step.bytes_written > 0 {
                return Ok(step.bytes_written);
            }
        }
    }
}

/// CRC-32 as gzip counts it, four bits at a time.
fn checksum(sum: u32, byte: u8) -> u32 {
    let low = step(sum ^ u32::from(byte));
    step(low)
}

fn step(sum: u32) -> u32 {
    (sum >> 4) ^ TABLE.get((sum & 15) as usize).copied().unwrap_or_default()
}

const TABLE: [u32; 16] = table();

const fn table() -> [u32; 16] {
    let mut table = [0; 16];
    let mut index = 0;
    while index < 16 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 4 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

fn damaged() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// `printf 'a rule, a rule, a rule' | gzip -n`
    const PACKED: &[u8] = &[
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0x54, 0x28, 0x2a, 0xcd, 0x49, 0xd5,
        0x51, 0x48, 0x44, 0xa1, 0x01, 0xfc, 0xf6, 0xe7, 0x51, 0x16, 0x00, 0x00, 0x00,
    ];
    const TEXT: &[u8] = b"a rule, a rule, a rule";

    fn unpacked(bytes: &[u8]) -> (Vec<u8>, io::Result<usize>) {
        let mut out = Vec::new();
        let result = Unpacked::new(bytes).read_to_end(&mut out);
        (out, result)
    }

    #[test]
    fn members_come_out_one_after_another() {
        assert_eq!(unpacked(PACKED).0, TEXT);
        let twice = [PACKED, &[0; 7], PACKED].concat();
        assert_eq!(unpacked(&twice).0, TEXT.repeat(2));
        // With a name, a comment, an extra field and the header's checksum.
        let mut named = PACKED.to_vec();
        named[3] = 2 | 4 | 8 | 16;
        named.splice(10..10, *b"\x02\x00xyname\0comment\0hc");
        assert_eq!(unpacked(&named).0, TEXT);
        assert_eq!(unpacked(b"").1.unwrap(), 0);
    }

    #[test]
    fn damage_is_an_error_wherever_it_is() {
        for end in 1..PACKED.len() {
            assert!(unpacked(&PACKED[..end]).1.is_err(), "cut at {end}");
        }
        // Every byte that says something: all but time, hint and system.
        for place in (0..4).chain(10..PACKED.len()) {
            let mut damaged = PACKED.to_vec();
            damaged[place] ^= 0x40;
            assert!(unpacked(&damaged).1.is_err(), "byte {place}");
        }
    }
}
