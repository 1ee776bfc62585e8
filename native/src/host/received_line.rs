//! Whether a line stands in a file of received records already, without reading all of it: a host, or who takes its name,
//! must not have the aggregator read a whole file for each record. For the command line only.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};

use super::chain_place::{self, Link};

thread_local! {
    /// Inode of the file a line was found in, and where the line after it begins: what is sent again is sent in order.
    static FOUND: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    /// By inode: how far the file was looked at, and the highest number there.
    static HIGHEST: RefCell<HashMap<u64, (u64, u64)>> = RefCell::default();
}

/// So much of the file's end is looked through where a line is not where its number says.
const LOOKED_THROUGH: u64 = 8 << 20;
/// So many files are remembered, of which each host has another after every rotation.
const MOST_FILES: usize = 20_000;
/// Records of one number that are looked at: forgeries may stand before the right one.
const SAME_NUMBER: usize = 16;

/// Whether it is one of the file's lines: by its number, since a host's records come in order, or among the last ones.
/// A line that is neither (behind more than 8 MiB of records that are out of order) is not found.
pub fn is_in(file: &File, line: &str) -> io::Result<bool> {
    let metadata = file.metadata()?;
    let (inode, length) = (metadata.ino(), metadata.len());
    let (found_in, expected) = FOUND.get();
    let next = if found_in == inode && is_at(file, expected, line)? {
        Some(expected)
    } else if let Some(at) = by_number(file, length, line)? {
        Some(at)
    } else {
        among_last(file, length, line)?
    };
    if let Some(at) = next {
        FOUND.set((inode, at + line.len() as u64 + 1));
    }
    Ok(next.is_some())
}

/// The highest number of the file's records up to here, or of those in so much of its end as is looked through. What was
/// sent before a host was killed may arrive after what it sent then, so the last record need not have it.
pub fn highest_number(file: &File, end: u64) -> io::Result<u64> {
    let inode = file.metadata()?.ino();
    let known =
        HIGHEST.with_borrow(|all| all.get(&inode).copied()).filter(|(looked_at, _)| *looked_at <= end);
    let (mut at, mut highest) = match known {
        Some(known) => known,
        None => (line_start(file, end.saturating_sub(LOOKED_THROUGH))?, 0),
    };
    while at < end {
        let (number, next) = number_at(file, at, end)?;
        (at, highest) = (next, highest.max(number));
    }
    HIGHEST.with_borrow_mut(|all| {
        if all.len() >= MOST_FILES {
            all.clear();
        }
        all.insert(inode, (end, highest));
    });
    Ok(highest)
}

/// Where the first line begins whose end lies behind this place.
fn line_start(file: &File, from: u64) -> io::Result<u64> {
    if from == 0 {
        return Ok(0);
    }
    Ok(chain_place::newline_before(file, from)?.map_or(0, |end| end + 1))
}

fn is_at(file: &File, at: u64, line: &str) -> io::Result<bool> {
    let mut there = vec![0; line.len() + 1];
    let read = file.read_at(&mut there, at)?;
    Ok(read == there.len() && there.strip_suffix(b"\n") == Some(line.as_bytes()))
}

/// Where the line stands, if the numbers before it are lower and those after it are not.
fn by_number(file: &File, length: u64, line: &str) -> io::Result<Option<u64>> {
    let Some(Link { sequence, .. }) = Link::at_end_of(line.as_bytes()) else { return Ok(None) };
    let (mut low, mut high) = (0, length);
    while low < high {
        let start =
            chain_place::newline_before(file, low + (high - low) / 2)?.map_or(0, |end| end + 1).max(low);
        let (number, end) = number_at(file, start, high)?;
        if number < sequence { low = end } else { high = start }
    }
    for _ in 0..SAME_NUMBER {
        if is_at(file, low, line)? {
            return Ok(Some(low));
        }
        let (number, end) = number_at(file, low, length)?;
        if number != sequence {
            break;
        }
        low = end;
    }
    Ok(None)
}

/// Number of the record that begins there, 0 where it is none, and where the line after it begins.
fn number_at(file: &File, start: u64, limit: u64) -> io::Result<(u64, u64)> {
    let mut line = Vec::new();
    let mut from = file;
    from.seek(SeekFrom::Start(start))?;
    let read = BufReader::new(from.take(limit - start)).read_until(b'\n', &mut line)?;
    let number = Link::at_end_of(line.trim_ascii_end()).map_or(0, |link| link.sequence);
    Ok((number, start + read as u64))
}

fn among_last(file: &File, length: u64, line: &str) -> io::Result<Option<u64>> {
    let from = length.saturating_sub(LOOKED_THROUGH);
    let mut at = line_start(file, from)?;
    let mut rest = file;
    rest.seek(SeekFrom::Start(at))?;
    let mut lines = BufReader::with_capacity(1 << 20, rest);
    let mut each = Vec::new();
    while lines.read_until(b'\n', &mut each)? > 0 {
        if each.strip_suffix(b"\n") == Some(line.as_bytes()) {
            return Ok(Some(at));
        }
        at += each.len() as u64;
        each.clear();
    }
    Ok(None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn record(number: u64, pad: usize) -> String {
        format!("{{\"pad\":\"{}\",\"sequence\":{number},\"previous\":\"{HASH}\"}}", "x".repeat(pad))
    }

    fn file(name: &str, lines: &[String]) -> File {
        let path = format!("{}/lintel-line-{name}-{}", std::env::temp_dir().display(), std::process::id());
        std::fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        File::open(path).unwrap()
    }

    #[test]
    fn a_line_is_found_by_its_number_however_far_back() {
        let lines: Vec<String> =
            (1..1000).map(|number| record(number * 2, (number as usize * 7919) % 27000)).collect();
        let file = file("far", &lines);
        let length = file.metadata().unwrap().len();
        assert!(length > LOOKED_THROUGH);
        let mut at = 0;
        for line in &lines {
            assert_eq!(by_number(&file, length, line).unwrap(), Some(at));
            at += line.len() as u64 + 1;
        }
        for number in [1, 3, 999, 1999, 2000, 1 << 40] {
            assert!(!is_in(&file, &record(number, 1)).unwrap(), "{number}");
        }
        assert!(!is_in(&file, &record(2, 1)).unwrap());
    }

    #[test]
    fn it_is_found_behind_a_forgery_and_out_of_order() {
        let mut lines: Vec<String> = (1..50).map(|number| record(number, 10)).collect();
        lines.insert(20, record(21, 11));
        lines.extend([record(3, 12), "no record".to_owned(), record(2, 13)]);
        let file = file("forged", &lines);
        for line in &lines {
            assert!(is_in(&file, line).unwrap(), "{line}");
        }
        assert!(!is_in(&file, &record(21, 12)).unwrap());
    }

    #[test]
    fn an_empty_file_holds_nothing() {
        assert!(!is_in(&file("empty", &[]), &record(1, 1)).unwrap());
    }
}
