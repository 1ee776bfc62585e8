//! Break-glass: root has switched the host to mode `warn` for a stated time, for a stated reason.
//!
//! One file, lines `start MILLISECONDS`, `end MILLISECONDS` (since the epoch), `by TEXT`, `reason TEXT`. It is readable
//! for rootless callers too, so the state folder lets them through, though not look around.

use std::fs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rquickjs::{Ctx, Object, Value};

use super::reply::{HostError, HostResult};
use super::{clock, files, process};

const FOLDER: &str = "/var/lib/lintel";
const FILE: &str = "/var/lib/lintel/break-glass";
const MAX_BYTES: u64 = 4096;
const LONGEST_MILLISECONDS: u128 = 24 * 60 * 60 * 1000;
/// Who owns root's files in the eyes of a process in a user namespace (/proc/sys/kernel/overflowuid).
const OVERFLOW_UID: u32 = 65534;

/// What the file says.
#[derive(Debug, PartialEq)]
struct BreakGlass {
    start: u128,
    end: u128,
    by: String,
    reason: String,
}

impl BreakGlass {
    /// By the clock: not before its start (a clock turned back ends it), not after its end, never longer than a day.
    fn is_running(&self, now: u128) -> bool {
        self.start <= now && now < self.end && self.end - self.start <= LONGEST_MILLISECONDS
    }

    fn parse(text: &str) -> Option<BreakGlass> {
        let mut lines = text.lines();
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned);
        Some(BreakGlass {
            start: value("start")?.parse().ok()?,
            end: value("end")?.parse().ok()?,
            by: value("by")?,
            reason: value("reason")?,
        })
    }
}

/// True while the host is switched to mode `warn`.
pub fn is_running() -> bool {
    read(FILE).is_some_and(|found| found.is_running(clock::now().as_millis()))
}

/// Only root's own file counts, and only while nobody else can write it.
fn read(path: &str) -> Option<BreakGlass> {
    use std::io::Read;
    let mut file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .ok()?;
    let metadata = file.metadata().ok()?;
    let owner = if process::in_initial_user_namespace() { 0 } else { OVERFLOW_UID };
    if !metadata.is_file()
        || metadata.uid() != owner
        || metadata.mode() & 0o022 != 0
        || metadata.len() > MAX_BYTES
    {
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    BreakGlass::parse(&text)
}

/// `readBreakGlass()` of src/host/host.ts: `{since, until, by, reason, running}` or undefined.
pub fn read_for_script<'js>(ctx: Ctx<'js>) -> rquickjs::Result<Value<'js>> {
    let Some(found) = read(FILE) else { return Ok(Value::new_undefined(ctx)) };
    let object = Object::new(ctx)?;
    object.set("since", clock::timestamp_of_milliseconds(found.start))?;
    object.set("until", clock::timestamp_of_milliseconds(found.end))?;
    object.set("running", found.is_running(clock::now().as_millis()))?;
    object.set("by", found.by)?;
    object.set("reason", found.reason)?;
    Ok(object.into_value())
}

/// `beginBreakGlass(milliseconds, by, reason)` of src/host/host.ts.
pub fn begin(milliseconds: f64, by: &str, reason: &str) -> HostResult<()> {
    let start = clock::now().as_millis();
    let end = start + milliseconds as u128;
    let text = format!("start {start}\nend {end}\nby {by}\nreason {reason}\n");
    if text.lines().count() != 4 || text.len() as u64 > MAX_BYTES {
        return Err(HostError::new("EINVAL", "write", FILE));
    }
    if !Path::new(FOLDER).exists() {
        files::make_directory(FOLDER, 0o711)?;
    }
    let open_the_way = || {
        let mode = fs::metadata(FOLDER)?.mode() & 0o7777;
        fs::set_permissions(FOLDER, fs::Permissions::from_mode(mode | 0o011))
    };
    open_the_way().map_err(|error| HostError::from_io(&error, "chmod", FOLDER))?;
    files::write_file(FILE, &text, 0o644)
}

/// `endBreakGlass()` of src/host/host.ts; `ENOENT` where there is none, or somebody else has just ended it.
pub fn end() -> HostResult<()> {
    fs::remove_file(FILE).map_err(|error| HostError::from_io(&error, "unlink", FILE))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn glass(start: u128, end: u128) -> BreakGlass {
        BreakGlass { start, end, by: "root".to_owned(), reason: "why".to_owned() }
    }

    #[test]
    fn runs_by_the_clock_and_never_longer_than_a_day() {
        let hour = 3_600_000;
        let found = glass(10 * hour, 11 * hour);
        assert!(found.is_running(10 * hour));
        assert!(found.is_running(11 * hour - 1));
        assert!(!found.is_running(11 * hour));
        assert!(!found.is_running(10 * hour - 1));
        assert!(glass(0, 24 * hour).is_running(1));
        assert!(!glass(0, 24 * hour + 1).is_running(1));
    }

    #[test]
    fn only_a_whole_file_counts() {
        let whole = "start 5\nend 9\nby root\nreason why\n";
        assert_eq!(BreakGlass::parse(whole), Some(glass(5, 9)));
        for broken in
            ["", "start 5\nend 9\nby root\n", "start x\nend 9\nby root\nreason why\n", "end 9\nstart 5\n"]
        {
            assert_eq!(BreakGlass::parse(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn a_file_others_can_write_or_a_link_counts_for_nothing() {
        let folder = format!("{}/lintel-glass-{}", std::env::temp_dir().display(), std::process::id());
        fs::create_dir_all(&folder).unwrap();
        let file = format!("{folder}/file");
        fs::write(&file, "start 5\nend 9\nby root\nreason why\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(read(&file), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let link = format!("{folder}/link");
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read(&link), None);
        // SAFETY: geteuid cannot fail.
        let expected = unsafe { libc::geteuid() } == 0 && process::in_initial_user_namespace();
        assert_eq!(read(&file).is_some(), expected);
        fs::remove_dir_all(&folder).unwrap();
    }
}
