//! Where the chain of a decision log stands: from its head where that fits the log, and where it does not (rotation,
//! power cut, tampering) from what the log holds.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::chain::{Head, hexadecimal, is_hash, number};

/// The end of the chain, as the next record is to continue it.
#[derive(Debug, PartialEq)]
pub struct Place {
    pub sequence: u64,
    pub hash: String,
    /// Nothing is in the file yet.
    pub is_first_of_file: bool,
    /// The file ends in the middle of a line.
    pub is_cut: bool,
    /// What was found that should not be, in the words of `ChainBroken` (src/core/record.ts).
    pub broken: Option<&'static str>,
}

impl Place {
    /// The last members of the record that comes next, and its brace.
    pub fn end_of_next(&self) -> String {
        let first = if self.is_first_of_file { ",\"firstOfFile\":true" } else { "" };
        let broken = self.broken.map(|word| format!(",\"chainBroken\":\"{word}\"")).unwrap_or_default();
        format!("{first}{broken},\"sequence\":{},\"previous\":\"{}\"}}", self.sequence + 1, self.hash)
    }
}

/// Where the chain stands for the open log that `metadata` tells of. What cannot be read counts as not there.
pub fn of(head: Option<Head>, log: &Metadata, path: &str) -> Place {
    match head {
        Some(head) if (head.file, head.size) == (log.ino(), log.len()) => Place {
            sequence: head.sequence,
            hash: head.hash,
            is_first_of_file: log.len() == 0,
            is_cut: false,
            broken: None,
        },
        Some(head) if head.file == log.ino() => after_head(head, log, path),
        Some(head) => after_rotation(head, log, path),
        None => without_head(log, path),
    }
}

/// The last record known, and what stands after it.
struct Reached {
    sequence: u64,
    hash: String,
    rest: Rest,
}

enum Rest {
    Nothing,
    /// A line without its end.
    Cut,
    /// A line that does not continue the chain, or more than a power cut leaves unsaid.
    Foreign,
}

impl Rest {
    fn broken(&self) -> Option<&'static str> {
        match self {
            Rest::Nothing => None,
            Rest::Cut => Some("torn-line"),
            Rest::Foreign => Some("not-continued"),
        }
    }
}

/// The same file as ever, of another size than the head says.
fn after_head(head: Head, log: &Metadata, path: &str) -> Place {
    let reached = if log.len() < head.size { None } else { Some(follow(path, &head, head.size)) };
    let broken = reached.as_ref().map_or(Some("log-shorter"), |reached| reached.rest.broken());
    let (sequence, hash) =
        reached.map_or((head.sequence, head.hash), |reached| (reached.sequence, reached.hash));
    place(log, path, (sequence, hash), broken)
}

/// Another file than the head speaks of: the old one is looked for under its new name.
fn after_rotation(head: Head, log: &Metadata, path: &str) -> Place {
    let (old, broken) = match find_by_inode(path, head.file) {
        None => (None, Some("earlier-file-missing")),
        Some((_, size)) if size < head.size => (None, Some("log-shorter")),
        Some((old, _)) => {
            let reached = follow(&old, &head, head.size);
            let broken = reached.rest.broken();
            (Some(reached), broken)
        }
    };
    let last = Head {
        sequence: old.as_ref().map_or(head.sequence, |old| old.sequence),
        hash: old.map_or(head.hash, |old| old.hash),
        ..head
    };
    // Records may be in the new file already, of writers that died before the head was written.
    let reached = follow(path, &last, 0);
    let broken = broken.or(reached.rest.broken());
    place(log, path, (reached.sequence, reached.hash), broken)
}

fn without_head(log: &Metadata, path: &str) -> Place {
    // A power cut in the very first record leaves it, or a part of it, and no head.
    let begin = Head { sequence: 0, hash: String::new(), file: log.ino(), size: 0 };
    let reached = follow(path, &begin, 0);
    if reached.sequence <= 1 && !matches!(reached.rest, Rest::Foreign) {
        return place(log, path, (reached.sequence, reached.hash), reached.rest.broken());
    }
    let last = last_line(path).unwrap_or_default();
    // Lines without a number are older than the chain.
    let sequence = last.as_ref().and_then(|last| last.link.as_ref()).map_or(0, |link| link.sequence);
    let broken = match sequence {
        0 => is_cut(path, log.len()).then_some("torn-line"),
        _ => Some("head-missing"),
    };
    place(log, path, (sequence, last.map(|last| last.hash).unwrap_or_default()), broken)
}

fn place(log: &Metadata, path: &str, (sequence, hash): (u64, String), broken: Option<&'static str>) -> Place {
    let is_cut = is_cut(path, log.len());
    Place { sequence, hash, is_first_of_file: log.len() == 0, is_cut, broken }
}

fn open(path: &str) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK)
        .open(path)
}

fn is_cut(path: &str, length: u64) -> bool {
    let mut last = [b'\n'];
    let read = length > 0
        && open(path).and_then(|file| file.read_exact_at(&mut last, length.saturating_sub(1))).is_ok();
    read && last != [b'\n']
}

/// Path and size of the file with this inode beside the log, under a name that begins with the log's.
fn find_by_inode(log: &str, inode: u64) -> Option<(String, u64)> {
    let (folder, name) = (Path::new(log).parent()?, Path::new(log).file_name()?.to_str()?);
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let own = entry.file_name().into_string().ok().filter(|own| own.starts_with(name))?;
        let metadata = entry.metadata().ok().filter(|found| found.is_file() && found.ino() == inode)?;
        Some((format!("{}/{own}", folder.display()), metadata.len()))
    })
}

/// More than this a power cut cannot leave unsaid by the head, which the kernel writes out within a minute.
const LONGEST_UNSAID: u64 = 64 << 20;

/// Follows the chain from after a record at this offset for as long as the lines continue it.
fn follow(path: &str, from: &Head, offset: u64) -> Reached {
    let mut reached = Reached { sequence: from.sequence, hash: from.hash.clone(), rest: Rest::Foreign };
    let Ok(mut file) = open(path) else { return reached };
    if file.seek(SeekFrom::Start(offset)).is_err() {
        return reached;
    }
    let mut lines = BufReader::new(file.take(LONGEST_UNSAID));
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            Err(_) => return reached,
            Ok(0) => {
                reached.rest = Rest::Nothing;
                return reached;
            }
            Ok(_) => {}
        }
        let ended = line.last() == Some(&b'\n');
        line.pop_if(|last| *last == b'\n');
        match Link::at_end_of(&line) {
            // A record that lacks nothing but the end of its line counts.
            Some(link) if link.sequence == reached.sequence + 1 && link.previous == reached.hash => {
                reached.sequence = link.sequence;
                reached.hash = hexadecimal(&Sha256::digest(&line));
            }
            _ => {
                reached.rest = if ended { Rest::Foreign } else { Rest::Cut };
                return reached;
            }
        }
    }
}

/// What a record says of its place in the chain, as its last members.
#[derive(Debug, PartialEq)]
pub struct Link {
    pub sequence: u64,
    /// Empty in the first record of a chain.
    pub previous: String,
    pub is_first_of_file: bool,
    /// Empty where the writer found nothing.
    pub broken: String,
}

impl Link {
    /// Quotes inside strings are escaped in JSON, so these can only be members.
    pub fn at_end_of(line: &[u8]) -> Option<Link> {
        let end = line.get(line.len().saturating_sub(LONGEST_END)..)?;
        let text = String::from_utf8_lossy(end);
        let (before, members) = text.strip_suffix("\"}")?.rsplit_once(",\"sequence\":")?;
        let (sequence, previous) = members.split_once(",\"previous\":\"")?;
        let broken = before.strip_suffix('"').and_then(|before| before.rsplit_once(",\"chainBroken\":\""));
        let (before, broken) = broken.unwrap_or((before, ""));
        (previous.is_empty() || is_hash(previous)).then_some(Link {
            sequence: number(sequence)?,
            previous: previous.to_owned(),
            is_first_of_file: before.ends_with(",\"firstOfFile\":true"),
            broken: broken.to_owned(),
        })
    }
}

/// Bytes of a line that hold all members of a link.
const LONGEST_END: usize = 256;

/// The last line that has its end.
struct Line {
    link: Option<Link>,
    hash: String,
}

fn last_line(path: &str) -> io::Result<Option<Line>> {
    let mut file = open(path)?;
    let length = file.metadata()?.len();
    let Some(end) = newline_before(&file, length)? else { return Ok(None) };
    let start = newline_before(&file, end)?.map_or(0, |newline| newline + 1);
    file.seek(SeekFrom::Start(start))?;
    let mut line = Vec::new();
    file.take((end - start).min(LONGEST_UNSAID)).read_to_end(&mut line)?;
    Ok(Some(Line { link: Link::at_end_of(&line), hash: hexadecimal(&Sha256::digest(&line)) }))
}

/// Offset of the last line end before this offset.
pub fn newline_before(file: &File, offset: u64) -> io::Result<Option<u64>> {
    let mut chunk = [0u8; 8192];
    let mut end = offset;
    while end > 0 {
        let start = end.saturating_sub(chunk.len() as u64);
        let part = chunk.get_mut(..(end - start) as usize).unwrap_or_default();
        file.read_exact_at(part, start)?;
        if let Some(found) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(start + found as u64));
        }
        end = start;
    }
    Ok(None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn a_link_is_read_back_as_it_is_written() {
        let place = |is_first_of_file, broken| Place {
            sequence: 6,
            hash: HASH.to_owned(),
            is_first_of_file,
            is_cut: false,
            broken,
        };
        for (first, broken) in
            [(false, None), (true, None), (false, Some("torn-line")), (true, Some("log-shorter"))]
        {
            let line = format!("{{\"version\":1{}", place(first, broken).end_of_next());
            let link = Link::at_end_of(line.as_bytes()).unwrap();
            assert_eq!((link.sequence, link.previous.as_str()), (7, HASH));
            assert_eq!((link.is_first_of_file, link.broken.as_str()), (first, broken.unwrap_or("")));
        }
    }

    #[test]
    fn what_only_looks_like_a_link_is_none() {
        let in_text = format!("{{\"a\":\",\\\"sequence\\\":7,\\\"previous\\\":\\\"{HASH}\"}}");
        let short = "{\"a\":1,\"sequence\":7,\"previous\":\"0011\"}".to_owned();
        let more = format!("{{\"a\":1,\"sequence\":7,\"previous\":\"{HASH}\",\"b\":\"\"}}");
        for line in [in_text, short, more, "{}".to_owned(), String::new()] {
            assert_eq!(Link::at_end_of(line.as_bytes()), None, "{line}");
        }
    }
}
