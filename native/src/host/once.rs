//! Which tokens have admitted a container: one file in a root-only folder of /run, changed under a lock.
//!
//! A line each: digest of the token, the second at which it has ended for good, whom it admitted (nothing: whoever it was
//! cannot come again). In the order in which they came.

use rquickjs::{Ctx, FromJs, Object, Value};

use super::reply::{HostError, HostResult};
use super::run_folder;

/// So many that have not ended are known at once; then nobody is admitted.
const MOST_RUNNING: usize = 65_536;
/// So many that have ended are known longer, where they still admit whom they admitted before.
const MOST_ENDED: usize = 4_096;

/// A token that is brought, and for whom.
pub struct Admission {
    token: String,
    holder: String,
    ends: u64,
    now: u64,
    keeps_ended: bool,
}

impl<'js> FromJs<'js> for Admission {
    fn from_js(_: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Admission> {
        let admission = Object::from_value(value)?;
        let seconds = |name: &str| admission.get::<_, f64>(name).map(|number| number as u64);
        Ok(Admission {
            token: admission.get("token")?,
            holder: admission.get("holder")?,
            ends: seconds("ends")?,
            now: seconds("now")?,
            keeps_ended: admission.get("keepsEnded")?,
        })
    }
}

/// `admitOnce(admission, notes)` of src/host/host.ts: whether the token admits this holder.
pub fn admit(admission: &Admission, notes: bool) -> HostResult<bool> {
    admit_in(run_folder::FOLDER, admission, notes)
}

fn admit_in(folder: &str, admission: &Admission, notes: bool) -> HostResult<bool> {
    let Admission { token, holder, ends, .. } = admission;
    if token.is_empty() || token.contains([' ', '\n']) || holder.contains('\n') {
        return Err(HostError::new("EINVAL", "admit", folder));
    }
    run_folder::open(folder)?;
    let _lock = run_folder::lock(&format!("{folder}/tokens.lock"))?;
    let file = format!("{folder}/tokens");
    let text = run_folder::read(&file)?;
    let entries: Vec<Entry> = text
        .split_terminator('\n')
        .map(|line| Entry::read(line).ok_or_else(|| HostError::new("EBADMSG", "read", &file)))
        .collect::<HostResult<_>>()?;
    if let Some(known) = entries.iter().find(|entry| entry.token == token) {
        return Ok(!holder.is_empty() && known.holder == holder);
    }
    if !notes {
        return Ok(true);
    }
    let kept = remaining(entries, admission);
    if kept.iter().filter(|entry| entry.ends > admission.now).count() >= MOST_RUNNING {
        return Err(HostError::new("ENOSPC", "write", &file));
    }
    let lines = kept.iter().map(|Entry { token, ends, holder }| format!("{token} {ends} {holder}\n"));
    let mut text: String = lines.collect();
    text.push_str(&format!("{token} {ends} {holder}\n"));
    run_folder::replace(&file, &text)?;
    Ok(true)
}

struct Entry<'text> {
    token: &'text str,
    ends: u64,
    holder: &'text str,
}

impl Entry<'_> {
    fn read(line: &str) -> Option<Entry<'_>> {
        let (token, rest) = line.split_once(' ')?;
        let (ends, holder) = rest.split_once(' ')?;
        Some(Entry { token, ends: ends.parse().ok()?, holder })
    }
}

fn remaining<'text>(entries: Vec<Entry<'text>>, admission: &Admission) -> Vec<Entry<'text>> {
    let has_ended = |entry: &Entry<'_>| entry.ends <= admission.now;
    let ended = entries.iter().filter(|entry| has_ended(entry)).count();
    let mut dropped = if admission.keeps_ended { ended.saturating_sub(MOST_ENDED) } else { ended };
    let mut kept = entries;
    kept.retain(|entry| {
        let drops = dropped > 0 && has_ended(entry);
        dropped -= usize::from(drops);
        !drops
    });
    kept
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::process;
    use super::*;
    use std::fs;

    fn folder(name: &str) -> String {
        let path = format!("{}/lintel-once-{name}-{}", std::env::temp_dir().display(), std::process::id());
        let _ = fs::remove_dir_all(&path);
        path
    }

    fn of(token: &str, holder: &str) -> Admission {
        Admission {
            token: token.to_owned(),
            holder: holder.to_owned(),
            ends: 100,
            now: 50,
            keeps_ended: false,
        }
    }

    fn lines(folder: &str) -> Vec<String> {
        let text = fs::read_to_string(format!("{folder}/tokens")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_token_admits_one_and_that_one_again() {
        if !process::is_root_of_host() {
            return;
        }
        let folder = folder("one");
        assert!(admit_in(&folder, &of("a", "container one"), false).unwrap());
        assert!(admit_in(&folder, &of("a", "container two"), true).unwrap(), "looking is not using");
        assert!(admit_in(&folder, &of("a", "container two"), true).unwrap());
        assert!(!admit_in(&folder, &of("a", "container one"), true).unwrap());
        assert!(!admit_in(&folder, &of("a", ""), true).unwrap());
        assert!(admit_in(&folder, &of("b", ""), true).unwrap());
        assert!(!admit_in(&folder, &of("b", ""), true).unwrap(), "nobody is nobody");
        assert_eq!(lines(&folder), ["a 100 container two", "b 100 "]);
        for (token, holder) in [("", "x"), ("a b", "x"), ("a\nb", "x"), ("a", "x\ny")] {
            assert_eq!(admit_in(&folder, &of(token, holder), true).unwrap_err().code, "EINVAL");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn of_many_at_once_one_is_admitted() {
        if !process::is_root_of_host() {
            return;
        }
        let folder = folder("many");
        let threads: Vec<_> = (0..16)
            .map(|number| {
                let folder = folder.clone();
                std::thread::spawn(move || admit_in(&folder, &of("a", &number.to_string()), true).unwrap())
            })
            .collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        assert_eq!(answers.filter(|admitted| *admitted).count(), 1);
        assert_eq!(lines(&folder).len(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_has_ended_is_forgotten_or_kept_up_to_a_number() {
        if !process::is_root_of_host() {
            return;
        }
        let folder = folder("ended");
        run_folder::open(&folder).unwrap();
        let old: String = (0..=MOST_ENDED).map(|number| format!("old{number} 50 container\n")).collect();
        fs::write(format!("{folder}/tokens"), format!("{old}runs 51 container\n")).unwrap();
        let keeping = Admission { keeps_ended: true, ..of("a", "x") };
        assert!(admit_in(&folder, &keeping, true).unwrap());
        let kept = lines(&folder);
        assert_eq!(kept.len(), MOST_ENDED + 2);
        assert_eq!(kept.first().unwrap(), "old1 50 container");
        assert!(admit_in(&folder, &of("b", "x"), true).unwrap());
        assert_eq!(lines(&folder), ["runs 51 container", "a 100 x", "b 100 x"]);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn nobody_is_admitted_where_it_cannot_be_noted() {
        if !process::is_root_of_host() {
            return;
        }
        let folder = folder("broken");
        run_folder::open(&folder).unwrap();
        let file = format!("{folder}/tokens");
        for broken in ["a\n", "a 100\n", "a soon x\n", "\n"] {
            fs::write(&file, broken).unwrap();
            assert_eq!(admit_in(&folder, &of("b", "x"), true).unwrap_err().code, "EBADMSG", "{broken:?}");
        }
        let full: String = (0..MOST_RUNNING).map(|number| format!("{number} 51 x\n")).collect();
        fs::write(&file, full).unwrap();
        assert_eq!(admit_in(&folder, &of("b", "x"), true).unwrap_err().code, "ENOSPC");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_eq!(admit_in(&folder, &of("b", "x"), true).unwrap_err().code, "EISDIR");
        fs::remove_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink("/", &folder).unwrap();
        assert_eq!(admit_in(&folder, &of("b", "x"), true).unwrap_err().code, "EPERM");
        fs::remove_file(&folder).unwrap();
    }
}
