//! The decision log as a chain: every record ends with its number and the SHA-256 of the line before it.
//!
//! Beside the log lies its head, `LOG.head`: number and hash of the last record, inode and size of the file it is in.
//! The head is also the lock of all writers, since it stays where it is when the log is renamed. It is written in
//! place, one sector, after the record is on disk: so on disk it never knows of more than the log holds.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rquickjs::{Ctx, IntoJs, Object, Value};
use sha2::{Digest, Sha256};

use super::chain_place;
use super::files;
use super::reply::{HostError, HostResult};

/// How long a writer waits for the others: a few hundred of them on a slow disk.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The last record, as the head file tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Number of the record, from 1.
    pub sequence: u64,
    /// SHA-256 of its line without the line end, lower-case hexadecimal; empty where there is no record.
    pub hash: String,
    /// Inode of the file it is in, and that file's size after it.
    pub file: u64,
    pub size: u64,
}

impl Head {
    pub fn parse(text: &str) -> Option<Head> {
        let mut lines = text.lines();
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let sequence = value("sequence").and_then(number)?;
        let hash = value("hash")?.to_owned();
        let (file, size) = (value("file")?.parse().ok()?, value("size")?.parse().ok()?);
        is_hash(&hash).then_some(Head { sequence, hash, file, size })
    }

    /// Always of one length, so that a new head covers the old one.
    fn text(&self) -> String {
        let Head { sequence, hash, file, size } = self;
        format!("sequence {sequence:020}\nhash {hash}\nfile {file:020}\nsize {size:020}\n")
    }
}

/// Length of a head file.
const HEAD_BYTES: usize = 30 + 70 + 26 + 26;

/// The number of a record; none above 2^53 - 1, which JSON's readers would round.
pub fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number < 1 << 53)
}

pub fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Lower-case hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS.get(usize::from(half)).copied().unwrap_or(b'0'));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What became of an appended record.
pub struct Appended {
    pub sequence: u64,
    /// SHA-256 of its line, without the line end.
    pub hash: String,
    /// What stands in the line in place of the text's last brace.
    pub end: String,
}

impl<'js> IntoJs<'js> for Appended {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        let object = Object::new(ctx.clone())?;
        object.set("sequence", self.sequence as f64)?;
        object.set("hash", self.hash)?;
        object.set("end", self.end)?;
        Ok(object.into_value())
    }
}

/// Appends a JSON object (one line, no line end) as the next record of the chain; it is on disk when this returns, as
/// is the name of the file it is in. Errors: `EINVAL` for what is no file, `ETIMEDOUT` where the lock cannot be had.
pub fn append(path: &str, text: &str, mode: u32) -> HostResult<Appended> {
    let record = text.strip_suffix('}').ok_or_else(|| HostError::new("EINVAL", "write", path))?;
    let head_path = head_path(path);
    let head_file = lock(&head_path)?;
    let head = read_head(&head_file);
    let is_first_head = head.is_none();
    let mut log = files::open_for_append(path, mode)?;
    let metadata = log.metadata().map_err(|error| HostError::from_io(&error, "fstat", path))?;
    // A head that is another name of the log would be written over its first record.
    if !metadata.is_file() || head_file.metadata().is_ok_and(|head| head.ino() == metadata.ino()) {
        return Err(HostError::new("EINVAL", "write", path));
    }
    let is_new_name = head.as_ref().is_none_or(|head| head.file != metadata.ino());
    let place = chain_place::of(head, &metadata, path);
    let sequence = place.sequence + 1;
    let end = place.end_of_next();
    let line = format!("{record}{end}");
    let written = format!("{}{line}\n", if place.is_cut { "\n" } else { "" });
    write_durably(&mut log, &written, metadata.len(), path)?;
    if is_new_name {
        flush_folders(path, is_first_head);
    }
    let hash = hexadecimal(&Sha256::digest(line.as_bytes()));
    let size = metadata.len() + written.len() as u64;
    store_head(&head_file, &Head { sequence, hash: hash.clone(), file: metadata.ino(), size }, is_first_head);
    Ok(Appended { sequence, hash, end })
}

/// The head that lies beside this log.
fn head_path(log: &str) -> String {
    format!("{log}.head")
}

/// Opens the head (made if it is missing) and waits for its lock, which ends with the descriptor.
fn lock(path: &str) -> HostResult<File> {
    let end = Instant::now() + LONGEST_WAIT;
    loop {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            // Whoever can open it can lock it, and stop every container.
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK)
            .open(path)
            .map_err(|error| HostError::from_io(&error, "open", path))?;
        wait_for_lock(&file, end, path)?;
        let metadata = file.metadata().map_err(|error| HostError::from_io(&error, "fstat", path))?;
        if !metadata.is_file() {
            return Err(HostError::new("EINVAL", "open", path));
        }
        // Removed while this process waited: the others lock the one that took its name.
        if metadata.nlink() > 0 {
            return Ok(file);
        }
    }
}

/// Waits until then for a file's lock, which ends with the descriptor. Errors: `ETIMEDOUT`.
pub fn wait_for_lock(file: &File, end: Instant, path: &str) -> HostResult<()> {
    let mut pause = Duration::from_micros(200);
    // SAFETY: the descriptor is open; flock has no other precondition.
    while unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        let error = io::Error::last_os_error();
        if !matches!(error.raw_os_error(), Some(libc::EWOULDBLOCK | libc::EINTR)) {
            return Err(HostError::from_io(&error, "flock", path));
        }
        if Instant::now() > end {
            return Err(HostError::new("ETIMEDOUT", "flock", path));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(3));
    }
    Ok(())
}

fn read_head(file: &File) -> Option<Head> {
    let mut bytes = [0u8; HEAD_BYTES];
    file.read_exact_at(&mut bytes, 0).ok()?;
    Head::parse(std::str::from_utf8(&bytes).ok()?)
}

/// The record is on disk and counts whatever becomes of the head: without it the next record is found from the log.
fn store_head(file: &File, head: &Head, durably: bool) {
    let _ = file.write_all_at(head.text().as_bytes(), 0);
    if durably {
        let _ = file.sync_all();
    }
}

/// One write; if it comes up short the file is cut back, so that no half line stays.
fn write_durably(log: &mut File, text: &str, before: u64, path: &str) -> HostResult<()> {
    let result = log.write(text.as_bytes()).and_then(|written| {
        if written == text.len() { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ENOSPC)) }
    });
    if let Err(error) = result {
        let _ = log.set_len(before);
        return Err(HostError::from_io(&error, "write", path));
    }
    log.sync_data().map_err(|error| HostError::from_io(&error, "fdatasync", path))
}

/// Puts the names on disk: of the files in the log's folder and, where `all`, of every folder above it. A folder that
/// cannot be opened or flushed (a rootless caller's view of `/home`) is one this process has not made.
fn flush_folders(path: &str, all: bool) {
    let real = Path::new(path).parent().and_then(|folder| fs::canonicalize(folder).ok());
    let depth = if all { usize::MAX } else { 1 };
    for folder in real.iter().flat_map(|folder| folder.ancestors()).take(depth) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn log(name: &str) -> String {
        let folder = format!("{}/lintel-chain-{name}-{}", std::env::temp_dir().display(), std::process::id());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        format!("{folder}/log")
    }

    #[test]
    fn records_of_many_threads_are_one_chain_of_whole_lines() {
        let log = log("threads");
        let record = format!("{{\"text\":\"{}\"}}", "x".repeat(5000));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        append(&log, &record, 0o600).unwrap();
                    }
                });
            }
        });
        let text = fs::read_to_string(&log).unwrap();
        let mut previous = String::new();
        for (index, line) in text.lines().enumerate() {
            let link = chain_place::Link::at_end_of(line.as_bytes()).unwrap();
            assert_eq!((link.sequence, &link.previous), (index as u64 + 1, &previous));
            previous = hexadecimal(&Sha256::digest(line.as_bytes()));
        }
        assert_eq!(text.lines().count(), 160);
        let head = Head::parse(&fs::read_to_string(head_path(&log)).unwrap()).unwrap();
        assert_eq!((head.sequence, head.hash), (160, previous));
    }

    #[test]
    fn a_head_is_read_as_written_and_has_one_length() {
        for (sequence, number) in [(0, 0), (7, 7), ((1 << 53) - 1, u64::MAX)] {
            let hash = "0a".repeat(32);
            let head = Head { sequence, hash, file: number, size: number };
            assert_eq!(head.text().len(), HEAD_BYTES);
            assert_eq!(Head::parse(&head.text()), Some(head));
        }
        let beyond = Head { sequence: 1 << 53, hash: "0a".repeat(32), file: 1, size: 1 };
        assert_eq!(Head::parse(&beyond.text()), None);
        assert_eq!(Head::parse("sequence 1\nhash none\nfile 1\nsize 1\n"), None);
    }

    #[test]
    fn only_an_object_is_appended() {
        assert_eq!(append(&log("object"), "[1]", 0o600).err().unwrap().code, "EINVAL");
    }
}
