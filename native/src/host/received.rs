//! Records as an aggregator receives them: each is written once, although its host sent it twice. For the command line only.

use std::cell::RefCell;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Stdin, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::chain::{self, hexadecimal};
use super::chain_place::{self, Link};
use super::received_line::{highest_number, is_in};
use super::reply::{HostError, HostResult};

/// How long one waits for another that receives for the same host: no host is to hold up all others.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// A message is longer only by mistake: rsyslog's are limited to 1 MB, and JSON says each byte with six at most, twice.
const LONGEST_INPUT: u64 = 16 << 20;

thread_local! {
    static INPUT: RefCell<BufReader<Stdin>> = RefCell::new(BufReader::with_capacity(1 << 16, io::stdin()));
}

/// Appends a line unless it stands in the file, or in the one that was rotated before; on disk when this returns. False
/// where it stood there. What has no end there is a write that was broken off, and is taken away. Whoever else receives
/// for this file waits. Errors: `EINVAL` for what is no file, `ETIMEDOUT` where the lock cannot be had.
pub fn append_once(path: &str, line: &str) -> HostResult<bool> {
    let (mut file, metadata) = lock(path)?;
    let failed = |syscall| move |error: io::Error| HostError::from_io(&error, syscall, path);
    let end = whole(&file, metadata.len()).map_err(failed("read"))?;
    if end < metadata.len() {
        file.set_len(end).map_err(failed("ftruncate"))?;
    }
    if stands_in(&file, end, line, Path::new(path)).map_err(failed("read"))? {
        return Ok(false);
    }
    let written = file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_data());
    if let Err(error) = written {
        let _ = file.set_len(end);
        return Err(HostError::from_io(&error, "write", path));
    }
    if metadata.len() == 0 {
        let _ =
            Path::new(path).parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
    }
    Ok(true)
}

/// Opens the file, made if it is missing, and waits for its lock, which ends with the descriptor.
fn lock(path: &str) -> HostResult<(File, Metadata)> {
    let end = Instant::now() + LONGEST_WAIT;
    loop {
        let failed = |error: io::Error| HostError::from_io(&error, "open", path);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK)
            .open(path)
            .map_err(failed)?;
        chain::wait_for_lock(&file, end, path)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(HostError::new("EINVAL", "open", path));
        }
        // Renamed while this process waited: the next line goes into the new one.
        if fs::symlink_metadata(path).is_ok_and(|named| named.ino() == metadata.ino()) {
            return Ok((file, metadata));
        }
    }
}

/// Where the last line that has its end ends.
fn whole(file: &File, length: u64) -> io::Result<u64> {
    Ok(chain_place::newline_before(file, length)?.map_or(0, |newline| newline + 1))
}

fn stands_in(file: &File, end: u64, line: &str, path: &Path) -> io::Result<bool> {
    // Nearly every record continues the chain from the last one there, and is later than all of them.
    if continues(file, end, line)? {
        return Ok(false);
    }
    if is_in(file, line)? {
        return Ok(true);
    }
    rotated(path).map_or(Ok(false), |rotated| is_in(&File::open(rotated)?, line))
}

fn continues(file: &File, end: u64, line: &str) -> io::Result<bool> {
    let (Some(link), true) = (Link::at_end_of(line.as_bytes()), end > 0) else { return Ok(false) };
    if link.sequence <= highest_number(file, end)? {
        return Ok(false);
    }
    let start = whole(file, end - 1)?;
    let mut last = vec![0; (end - 1 - start) as usize];
    file.read_exact_at(&mut last, start)?;
    Ok(link.previous == hexadecimal(&Sha256::digest(&last)))
}

/// What was this file before it was rotated: the youngest beside it whose name begins with its name, unless packed.
fn rotated(path: &Path) -> Option<PathBuf> {
    let own = path.file_name()?.to_str()?;
    let others = fs::read_dir(path.parent()?).ok()?.flatten().filter(|entry| {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(own)).unwrap_or_default();
        rest.starts_with(['.', '-']) && !rest.ends_with(".gz")
    });
    let youngest = others.filter_map(|entry| {
        let metadata = entry.metadata().ok().filter(Metadata::is_file)?;
        Some((metadata.modified().ok()?, entry.path()))
    });
    youngest.max().map(|(_, path)| path)
}

/// The next line of standard input, without its end; `None` at the end of it. Errors: `EILSEQ` for what is no UTF-8, `E2BIG`
/// for a line that is too long, which is passed over.
pub fn next_input_line() -> HostResult<Option<String>> {
    let failed = |error: io::Error| HostError::from_io(&error, "read", "standard input");
    INPUT.with_borrow_mut(|input| {
        let mut line = Vec::new();
        input.take(LONGEST_INPUT).read_until(b'\n', &mut line).map_err(failed)?;
        if line.len() as u64 == LONGEST_INPUT && !line.ends_with(b"\n") {
            input.skip_until(b'\n').map_err(failed)?;
            return Err(HostError::new("E2BIG", "read", "standard input"));
        }
        if line.is_empty() {
            return Ok(None);
        }
        line.pop_if(|last| *last == b'\n');
        HostError::text(line, "standard input").map(Some)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> String {
        let folder =
            format!("{}/lintel-received-{name}-{}", std::env::temp_dir().display(), std::process::id());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let path = format!("{folder}/log");
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_line_is_written_once_also_across_a_rotation() {
        let path = file("once", "");
        for (line, is_new) in [("one", true), ("two", true), ("one", false), ("on", true), ("ne", true)] {
            assert_eq!(append_once(&path, line).unwrap(), is_new, "{line}");
        }
        fs::rename(&path, format!("{path}-20270301")).unwrap();
        fs::write(format!("{path}-20270228.gz"), "one").unwrap();
        assert!(!append_once(&path, "two").unwrap());
        assert!(append_once(&path, "three").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
    }

    #[test]
    fn what_comes_late_brings_nothing_a_second_time() {
        let path = file("late", "");
        let mut previous = "0".repeat(64);
        let records: Vec<String> = (1..=9)
            .map(|number| {
                let line = format!("{{\"sequence\":{number},\"previous\":\"{previous}\"}}");
                previous = hexadecimal(&Sha256::digest(line.as_bytes()));
                line
            })
            .collect();
        // 4 and 5 were on their way when their host was killed, and it sent 6 to 8 again meanwhile.
        let arriving = [1, 2, 3, 6, 7, 8, 4, 5, 6, 7, 8, 9, 9];
        let written = arriving.map(|number| append_once(&path, &records[number - 1]).unwrap());
        assert_eq!(written.map(u8::from), [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn what_was_broken_off_is_taken_away() {
        let path = file("torn", "one\ntw");
        assert!(append_once(&path, "two").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        let path = file("torn-first", &"o".repeat(9000));
        assert!(append_once(&path, "one").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
    }

    #[test]
    fn a_whole_log_sent_again_is_not_written_again() {
        let path = file("again", "");
        let mut previous = String::new();
        let lines: Vec<String> = (1..400)
            .map(|number| {
                let line = format!("{{\"sequence\":{number},\"previous\":\"{previous}\"}}").replacen(
                    '{',
                    "{\"a\":1,",
                    1,
                );
                previous = hexadecimal(&Sha256::digest(&line));
                line
            })
            .collect();
        assert!(lines.iter().all(|line| append_once(&path, line).unwrap()));
        let before = fs::read_to_string(&path).unwrap();
        assert!(lines.iter().all(|line| !append_once(&path, line).unwrap()));
        assert!(lines.iter().rev().all(|line| !append_once(&path, line).unwrap()));
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
        // Another record in the place of one that is there is another record.
        let forged = lines.last().unwrap().replacen('1', "2", 1);
        assert!(append_once(&path, &forged).unwrap());
    }

    #[test]
    fn many_that_write_the_same_write_it_once() {
        let path = file("many", "");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for each in 0..50 {
                        append_once(&path, &format!("record {each}")).unwrap();
                    }
                });
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!((text.lines().count(), lines.len()), (50, 50));
    }

    #[test]
    fn only_a_file_is_written() {
        let path = file("none", "");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert_eq!(append_once(&path, "one").err().unwrap().code, "ELOOP");
    }
}
