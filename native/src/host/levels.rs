//! Which container holds which SELinux level: one file in a root-only folder of /run, changed under a lock.
//!
//! Records of six fields, each ended by NUL: level, state folders (one a line), pod, requester, process, its start time.
//! A holder lives while one of its state folders is there, or the process that is making it.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use rquickjs::{Ctx, FromJs, IntoJs, Object, Value};

use super::reply::{HostError, HostResult};
use super::run_folder;

const FIELDS: usize = 6;

/// Who is to hold a level, or holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    level: String,
    /// Where the runtime keeps the state of the container, each place it may be.
    states: Vec<String>,
    pod: String,
    requester: String,
}

impl<'js> FromJs<'js> for Claim {
    fn from_js(_: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Claim> {
        let claim = Object::from_value(value)?;
        Ok(Claim {
            level: claim.get("level")?,
            states: claim.get("states")?,
            pod: claim.get("pod")?,
            requester: claim.get("requester")?,
        })
    }
}

impl<'js> IntoJs<'js> for Claim {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        let claim = Object::new(ctx.clone())?;
        claim.set("level", self.level)?;
        claim.set("states", self.states)?;
        claim.set("pod", self.pod)?;
        claim.set("requester", self.requester)?;
        Ok(claim.into_value())
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Record {
    claim: Claim,
    process: u32,
    /// Clock ticks after boot (proc_pid_stat(5), starttime): a number is used again, this with it is not.
    started: String,
}

impl Record {
    /// The process first: one that ends after it was looked at has made the state by then, which is looked at next.
    fn is_alive(&self) -> bool {
        start_of(self.process).is_some_and(|started| started == self.started)
            || self.claim.states.iter().any(|folder| Path::new(folder).exists())
    }

    fn is_of(&self, claim: &Claim) -> bool {
        self.claim.states.iter().any(|folder| claim.states.contains(folder))
    }

    fn append_to(&self, text: &mut String) {
        let Record { claim, process, started } = self;
        let states = claim.states.join("\n");
        for field in [&claim.level, &states, &claim.pod, &claim.requester, &process.to_string(), started] {
            text.push_str(field);
            text.push('\0');
        }
    }
}

/// `claimLevel(claim, when)` of src/host/host.ts: who else holds the level, or one that meets it. `when`: `always` the claim is noted, `free`
/// only where nobody else holds it, `never` it is not.
pub fn claim(claim: Claim, when: &str) -> HostResult<Vec<Claim>> {
    claim_in(run_folder::FOLDER, claim, when)
}

fn claim_in(folder: &str, claim: Claim, when: &str) -> HostResult<Vec<Claim>> {
    let fields = [&claim.level, &claim.pod, &claim.requester];
    let broken = fields.iter().any(|field| field.contains('\0'))
        || claim.states.iter().any(|state| state.contains(['\0', '\n']));
    if broken {
        return Err(HostError::new("EINVAL", "claim", folder));
    }
    run_folder::open(folder)?;
    let _lock = run_folder::lock(&format!("{folder}/levels.lock"))?;
    let file = format!("{folder}/levels");
    let mut records = read(&file)?;
    let holders: Vec<Claim> = records
        .iter()
        .filter(|record| {
            meet(&record.claim.level, &claim.level) && !record.is_of(&claim) && record.is_alive()
        })
        .map(|record| record.claim.clone())
        .collect();
    if when == "always" || (when == "free" && holders.is_empty()) {
        records.retain(|record| !record.is_of(&claim) && record.is_alive());
        let process = std::process::id();
        records.push(Record { claim, process, started: start_of(process).unwrap_or_default() });
        let mut text = String::new();
        records.iter().for_each(|record| record.append_to(&mut text));
        run_folder::replace(&file, &text)?;
    }
    Ok(holders)
}

/// Whether one of two levels, in canonical form, is the other or dominates it (selinux-notebook, mls_mcs.md). One without
/// categories is told apart from others by its type, and meets only itself.
fn meet(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (Some(one), Some(other)) = (Level::read(one), Level::read(other)) else { return false };
    one.dominates(&other) || other.dominates(&one)
}

struct Level {
    sensitivity: usize,
    categories: [u64; 16],
}

impl Level {
    /// `s1:c3,c5.c7`; none without categories.
    fn read(text: &str) -> Option<Level> {
        let (sensitivity, listed) = text.split_once(':')?;
        let number = |name: &str, prefix: char| name.strip_prefix(prefix)?.parse::<usize>().ok();
        let mut categories = [0u64; 16];
        for run in listed.split(',') {
            let (first, last) = run.split_once('.').unwrap_or((run, run));
            for category in number(first, 'c')?..=number(last, 'c')? {
                *categories.get_mut(category / 64)? |= 1 << (category % 64);
            }
        }
        Some(Level { sensitivity: number(sensitivity, 's')?, categories })
    }

    fn dominates(&self, other: &Level) -> bool {
        let mut both = self.categories.iter().zip(other.categories);
        self.sensitivity >= other.sensitivity && both.all(|(own, theirs)| own & theirs == theirs)
    }
}

fn read(path: &str) -> HostResult<Vec<Record>> {
    let text = run_folder::read(path)?;
    let fields: Vec<&str> = text.split_terminator('\0').collect();
    Ok(fields.chunks_exact(FIELDS).filter_map(record).collect())
}

fn record(fields: &[&str]) -> Option<Record> {
    let [level, states, pod, requester, process, started] = fields else { return None };
    Some(Record {
        claim: Claim {
            level: (*level).to_owned(),
            states: states.lines().map(str::to_owned).collect(),
            pod: (*pod).to_owned(),
            requester: (*requester).to_owned(),
        },
        process: process.parse().ok()?,
        started: (*started).to_owned(),
    })
}

/// Field 22 of /proc/PID/stat; the name in field 2 may hold anything, blanks and brackets too.
fn start_of(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(19).map(str::to_owned)
}

/// `randomNumbers(count)` of src/host/host.ts: by getrandom(2), which asks for no right to a device; from /dev/urandom
/// where the kernel has no such call (CentOS 7). Below 2^31: rquickjs hands larger ones to the
/// script as negative.
pub fn random_numbers(count: usize) -> HostResult<Vec<u32>> {
    const SOURCE: &str = "/dev/urandom";
    let mut bytes = vec![0u8; count * 4];
    // SAFETY: a buffer of the length told, alive for the call.
    let filled = unsafe { libc::syscall(libc::SYS_getrandom, bytes.as_mut_ptr(), bytes.len(), 0) };
    if usize::try_from(filled) != Ok(bytes.len()) {
        File::open(SOURCE)
            .and_then(|mut source| source.read_exact(&mut bytes))
            .map_err(|error| HostError::from_io(&error, "read", SOURCE))?;
    }
    Ok(bytes
        .chunks_exact(4)
        .map(|four| four.iter().fold(0, |all, byte| (all << 8) | u32::from(*byte)) >> 1)
        .collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::process;
    use super::*;

    fn folder(name: &str) -> String {
        let path = format!("{}/lintel-levels-{name}-{}", std::env::temp_dir().display(), std::process::id());
        let _ = fs::remove_dir_all(&path);
        path
    }

    fn of(level: &str, state: &str) -> Claim {
        Claim {
            level: level.to_owned(),
            states: vec![state.to_owned()],
            pod: "pod".to_owned(),
            requester: "user".to_owned(),
        }
    }

    #[test]
    fn a_level_is_held_by_whoever_has_a_state_folder_or_is_being_made() {
        if !process::is_root_of_host() {
            return;
        }
        let folder = folder("held");
        let (one, two) = (of("s0:c1,c2", "/state/one"), of("s0:c1,c2", "/state/two"));
        let held_by_one = vec![one.clone()];
        assert_eq!(claim_in(&folder, one.clone(), "always").unwrap(), []);
        assert_eq!(claim_in(&folder, one.clone(), "always").unwrap(), [], "a holder is not in its own way");
        assert_eq!(claim_in(&folder, two.clone(), "free").unwrap(), held_by_one);
        assert_eq!(claim_in(&folder, two.clone(), "never").unwrap(), held_by_one);
        assert_eq!(claim_in(&folder, of("s0:c1,c3", "/state/three"), "free").unwrap(), []);
        assert_eq!(claim_in(&folder, two.clone(), "always").unwrap(), held_by_one);
        let found = read(&format!("{folder}/levels")).unwrap();
        assert_eq!(found.len(), 3);
        // One container holds one level.
        assert_eq!(claim_in(&folder, of("s0:c9", "/state/one"), "always").unwrap(), []);
        assert_eq!(claim_in(&folder, of("s0:c1,c2", "/state/four"), "never").unwrap(), [two]);
    }

    #[test]
    fn levels_meet_where_one_dominates_the_other() {
        for (one, other) in [
            ("s0:c1,c2", "s0:c1,c2"),
            ("s0:c1,c2", "s0:c1.c3"),
            ("s0:c1,c2", "s1:c1,c2"),
            ("s0:c64,c1023", "s0:c0.c1023"),
            ("s0", "s0"),
        ] {
            assert!(meet(one, other) && meet(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("s0:c1,c2", "s0:c1,c3"),
            ("s0:c1,c2", "s1:c1"),
            ("s0", "s0:c1,c2"),
            ("s0", "s1"),
            ("s0:c1,c1024", "s0:c1"),
            ("s0:x", "s0:c1"),
        ] {
            assert!(!meet(one, other) && !meet(other, one), "{one} {other}");
        }
    }

    #[test]
    fn of_many_at_once_one_gets_a_level() {
        if !process::is_root_of_host() {
            return;
        }
        let folder = folder("many");
        let claims = (0..16).map(|number| {
            let folder = folder.clone();
            std::thread::spawn(move || claim_in(&folder, of("s0:c1,c2", &format!("/state/{number}")), "free"))
        });
        let threads: Vec<_> = claims.collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap().unwrap());
        assert_eq!(answers.filter(Vec::is_empty).count(), 1);
        assert_eq!(read(&format!("{folder}/levels")).unwrap().len(), 1);
    }

    #[test]
    fn what_has_ended_holds_nothing_and_is_forgotten() {
        if !process::is_root_of_host() {
            return;
        }
        let folder = folder("ended");
        claim_in(&folder, of("s0:c5", "/state/me"), "always").unwrap();
        let file = format!("{folder}/levels");
        let mut text = String::new();
        let dead = Record { claim: of("s0:c1", "/state/none"), process: 1, started: "not its".to_owned() };
        let kept = Record { claim: of("s0:c1", &folder), process: 0, started: String::new() };
        dead.append_to(&mut text);
        kept.append_to(&mut text);
        fs::write(&file, &text).unwrap();
        let holders = vec![kept.claim.clone()];
        assert_eq!(claim_in(&folder, of("s0:c1", "/state/me"), "always").unwrap(), holders);
        let left: Vec<Claim> = read(&file).unwrap().into_iter().map(|record| record.claim).collect();
        assert_eq!(left, [kept.claim, of("s0:c1", "/state/me")]);
    }

    #[test]
    fn only_roots_own_folder_counts_and_only_whole_fields() {
        let folder = folder("folder");
        assert_eq!(claim_in(&folder, of("s0", "/a\n/b"), "always").unwrap_err().code, "EINVAL");
        assert_eq!(claim_in(&folder, of("s0\0", "/a"), "always").unwrap_err().code, "EINVAL");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(claim_in(&folder, of("s0", "/a"), "always").unwrap_err().code, "EPERM");
        fs::remove_dir(&folder).unwrap();
        std::os::unix::fs::symlink("/", &folder).unwrap();
        assert_eq!(claim_in(&folder, of("s0", "/a"), "always").unwrap_err().code, "EPERM");
        fs::remove_file(&folder).unwrap();
    }

    #[test]
    fn random_numbers_are_as_many_as_asked_for() {
        let (one, other) = (random_numbers(64).unwrap(), random_numbers(64).unwrap());
        assert_eq!(one.len(), 64);
        assert!(one.iter().chain(&other).all(|number| *number < 1 << 31));
        assert_ne!(one, other);
    }
}
