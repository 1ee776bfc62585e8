//! Lines of logs that may be larger than memory: from any place of a file forwards or backwards, and out of gzip.
//! For the command line only.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};

use rquickjs::{Ctx, IntoJs, Object, Value};

use super::gzip::Unpacked;
use super::line_batch::{Lines, Wanted, cut};
use super::log_file::{self, LogFile};
use super::reply::{HostError, HostResult};

/// Read in one go; a longer line makes it grow.
const PIECE: usize = 1 << 20;
/// A longer line is no record (the longest configuration has 4 MiB).
const LONGEST: usize = 16 << 20;

enum Source {
    Plain(File),
    Packed { file: File, stream: Unpacked<File>, at: u64, rest: Vec<u8> },
}

struct Open {
    path: String,
    source: Source,
}

thread_local! {
    static OPEN: RefCell<Vec<Option<Open>>> = const { RefCell::new(Vec::new()) };
}

/// What an opened log is.
pub struct Opened {
    handle: usize,
    id: String,
    size: u64,
    is_packed: bool,
}

impl<'js> IntoJs<'js> for Opened {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        let reply = Object::new(ctx.clone())?;
        reply.set("handle", self.handle)?;
        reply.set("id", self.id)?;
        reply.set("size", self.size as f64)?;
        reply.set("isPacked", self.is_packed)?;
        Ok(reply.into_value())
    }
}

/// Opens a regular file, links followed; what begins like gzip is read unpacked.
pub fn open(path: &str) -> HostResult<Opened> {
    let failed = |error: io::Error| HostError::from_io(&error, "open", path);
    let LogFile { file, metadata, is_packed } = log_file::open(path)?;
    let source = if is_packed {
        Source::Packed {
            stream: Unpacked::new(file.try_clone().map_err(failed)?),
            file,
            at: 0,
            rest: Vec::new(),
        }
    } else {
        Source::Plain(file)
    };
    let open = Open { path: path.to_owned(), source };
    let handle = OPEN.with_borrow_mut(|all| {
        let free = all.iter().position(Option::is_none).unwrap_or(all.len());
        match all.get_mut(free) {
            Some(place) => *place = Some(open),
            None => all.push(Some(open)),
        }
        free
    });
    let id = format!("{}:{}", metadata.dev(), metadata.ino());
    Ok(Opened { handle, id, size: metadata.len(), is_packed })
}

pub fn close(handle: usize) {
    OPEN.with_borrow_mut(|all| {
        if let Some(place) = all.get_mut(handle) {
            *place = None;
        }
    });
}

/// The lines of some piece from this byte on; a last one without an end is only counted. Unpacked ones are read in order:
/// `from` is what the reading before gave as `next`, or 0 to begin anew.
pub fn after(handle: usize, from: f64, wanted: &Wanted) -> HostResult<Lines> {
    with(handle, |open| match &mut open.source {
        Source::Plain(file) => {
            let start = from as u64;
            let mut bytes = Vec::new();
            let ended = fill(&mut bytes, |room, read| file.read_at(room, start + read as u64));
            ended.map(|ended| cut(&bytes, start, ended, wanted).0)
        }
        Source::Packed { file, stream, at, rest } => {
            if from == 0.0 && *at > 0 {
                file.rewind()?;
                (*stream, *at, *rest) = (Unpacked::new(file.try_clone()?), 0, Vec::new());
            }
            let mut bytes = std::mem::take(rest);
            let ended = fill(&mut bytes, |room, _| stream.read(room))?;
            let (lines, used) = cut(&bytes, *at, ended, wanted);
            *at = lines.next;
            *rest = bytes.split_off(used);
            Ok(lines)
        }
    })
}

/// Reads a piece more, and on until a line ends in it; true where the file has ended.
fn fill(
    bytes: &mut Vec<u8>,
    mut read: impl FnMut(&mut [u8], usize) -> io::Result<usize>,
) -> io::Result<bool> {
    let mut target = bytes.len() + PIECE;
    loop {
        let filled = bytes.len();
        bytes.resize(target, 0);
        let count = read(bytes.get_mut(filled..).unwrap_or_default(), filled);
        bytes.truncate(filled + *count.as_ref().unwrap_or(&0));
        if count? == 0 {
            return Ok(true);
        }
        if bytes.len() == target {
            if target > LONGEST || bytes.contains(&b'\n') {
                return Ok(false);
            }
            target += PIECE;
        }
    }
}

/// The lines of some piece that end before this byte of a plain file, last one first.
pub fn before(handle: usize, end: f64, wanted: &Wanted) -> HostResult<Lines> {
    with(handle, |open| {
        let Source::Plain(file) = &open.source else { return Err(io::ErrorKind::Unsupported.into()) };
        let end = end as u64;
        let mut size = PIECE as u64;
        loop {
            let start = end.saturating_sub(size);
            let mut bytes = vec![0; (end - start) as usize];
            file.read_exact_at(&mut bytes, start)?;
            // The first line may have begun earlier.
            let skipped = match bytes.iter().position(|byte| *byte == b'\n') {
                _ if start == 0 => 0,
                Some(line) if line + 1 < bytes.len() => line + 1,
                _ if size > LONGEST as u64 => {
                    let mut lines = Lines { next: start, ..Lines::default() };
                    lines.add_foreign(start);
                    return Ok(lines);
                }
                _ => {
                    size += PIECE as u64;
                    continue;
                }
            };
            let first = start + skipped as u64;
            let (mut lines, _) = cut(bytes.get(skipped..).unwrap_or_default(), first, true, wanted);
            lines.lines.reverse();
            lines.starts.reverse();
            lines.next = first;
            lines.ended = first == 0;
            return Ok(lines);
        }
    })
}

fn with(handle: usize, read: impl FnOnce(&mut Open) -> io::Result<Lines>) -> HostResult<Lines> {
    OPEN.with_borrow_mut(|all| match all.get_mut(handle).and_then(Option::as_mut) {
        None => Err(HostError::new("EBADF", "read", "")),
        Some(open) => read(open).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => HostError::new("EBADMSG", "gunzip", &open.path),
            _ => HostError::from_io(&error, "read", &open.path),
        }),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(name: &str, text: &[u8]) -> String {
        let path = format!("{}/lintel-lines-{name}-{}", std::env::temp_dir().display(), std::process::id());
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Many lines of different lengths, some longer than a piece.
    fn many() -> Vec<String> {
        let length =
            |number: usize| if number.is_multiple_of(97) { PIECE + number } else { number * 13 % 5000 };
        (0..500)
            .map(|number| format!("{{\"number\":{number},\"pad\":\"{}\"}}", "x".repeat(length(number))))
            .collect()
    }

    fn read_on(handle: usize) -> Vec<String> {
        let (mut all, mut next) = (Vec::new(), 0);
        loop {
            let lines = after(handle, next as f64, &Wanted::default()).unwrap();
            all.extend(lines.lines);
            next = lines.next;
            if lines.ended {
                return all;
            }
        }
    }

    #[test]
    fn forwards_and_backwards_give_the_same_lines() {
        let lines = many();
        let path = file("both", format!("{}\n", lines.join("\n")).as_bytes());
        let opened = open(&path).unwrap();
        assert!(!opened.is_packed);
        assert_eq!(read_on(opened.handle), lines);
        let (mut backwards, mut end) = (Vec::new(), opened.size);
        while end > 0 {
            let piece = before(opened.handle, end as f64, &Wanted::default()).unwrap();
            backwards.extend(piece.lines);
            end = piece.next;
        }
        backwards.reverse();
        assert_eq!(backwards, lines);
        close(opened.handle);
        assert_eq!(after(opened.handle, 0.0, &Wanted::default()).err().unwrap().code, "EBADF");
    }

    #[test]
    fn packed_lines_come_out_the_same_and_damage_is_told() {
        let lines = many();
        let path = file("packed", format!("{}\n", lines.join("\n")).as_bytes());
        let run = |arguments: &[&str]| std::process::Command::new("gzip").args(arguments).status().unwrap();
        assert!(run(&["-f", &path]).success());
        let path = format!("{path}.gz");
        let opened = open(&path).unwrap();
        assert!(opened.is_packed);
        assert_eq!(read_on(opened.handle), lines);
        assert_eq!(read_on(opened.handle), lines);
        assert!(before(opened.handle, 1.0, &Wanted::default()).is_err());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, bytes.get(..bytes.len() / 2).unwrap()).unwrap();
        let opened = open(&path).unwrap();
        let mut result = after(opened.handle, 0.0, &Wanted::default());
        while let Ok(lines) = result {
            result = after(opened.handle, lines.next as f64, &Wanted::default());
        }
        assert_eq!(result.err().unwrap().code, "EBADMSG");
    }

    #[test]
    fn what_is_no_record_is_counted_and_a_line_without_an_end_is_left() {
        let path = file("foreign", b"{\"a\":1}\nsyslog says\n\n{\"b\":\"\xff\"}\n{\"c\":2}\n{\"torn\":");
        let opened = open(&path).unwrap();
        let lines = after(opened.handle, 0.0, &Wanted::default()).unwrap();
        assert_eq!(lines.lines, ["{\"a\":1}", "{\"c\":2}"]);
        assert_eq!((lines.foreign, lines.first_foreign, lines.ended, lines.tail), (3, 8, true, 8));
        // Once the rest of it is there it is read.
        File::options().append(true).open(&path).unwrap().write_all(b"3}\n").unwrap();
        let rest = after(opened.handle, lines.next as f64, &Wanted::default()).unwrap();
        assert_eq!((rest.lines, rest.tail), (vec!["{\"torn\":3}".to_owned()], 0));
    }

    #[test]
    fn a_line_longer_than_any_record_is_passed_over() {
        let long = "x".repeat(LONGEST + 3 * PIECE);
        let path = file("long", format!("{{\"a\":1}}\n{{\"{long}\"}}\n{{\"b\":2}}\n").as_bytes());
        let opened = open(&path).unwrap();
        assert_eq!(read_on(opened.handle), ["{\"a\":1}", "{\"b\":2}"]);
        let (mut backwards, mut end) = (Vec::new(), opened.size);
        while end > 0 {
            let piece = before(opened.handle, end as f64, &Wanted::default()).unwrap();
            backwards.extend(piece.lines);
            end = piece.next;
        }
        assert_eq!(backwards, ["{\"b\":2}", "{\"a\":1}"]);
    }

    #[test]
    fn only_files_are_opened() {
        let code = |path: &str| open(path).err().unwrap().code;
        assert_eq!(code("/"), "EISDIR");
        assert_eq!(code("/dev/null"), "EINVAL");
        assert_eq!(code("/nowhere"), "ENOENT");
    }
}
