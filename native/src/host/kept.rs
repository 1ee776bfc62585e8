//! The compiled policy kept in the state folder, and whether what it was compiled from is still the same.
//!
//! Header lines, an empty line, the policy as JSON text:
//! `build ID`, `compiled MILLISECONDS`, `runtime PATH` (each), `watch STAMP<tab>PATH` (each).

use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use rquickjs::{Ctx, Object, Value};
use sha2::{Digest, Sha256};

use super::{clock, files, stat};

const FOLDER: &str = "/var/lib/lintel/policy";
/// Digest of the sources this executable was built from: no other build's compiled policy is believed.
const BUILD: &str = env!("LINTEL_BUILD_ID");
/// A file changed within this time before the compilation may have changed again unseen.
const SETTLED_MILLISECONDS: u128 = 2000;
const MAX_BYTES: u64 = 4 << 20;

/// A kept policy.
pub struct Kept {
    /// True when no file or folder it was compiled from has changed.
    pub fresh: bool,
    pub runtimes: Vec<String>,
    pub text: String,
}

/// The policy kept for a policy file (`None`: the site's). Only root's own file counts.
pub fn read(policy_file: Option<&str>) -> Option<Kept> {
    use std::io::Read;
    let mut file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path_for(policy_file))
        .ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file()
        || metadata.uid() != 0
        || metadata.mode() & 0o022 != 0
        || metadata.len() > MAX_BYTES
    {
        return None;
    }
    let mut whole = String::with_capacity(metadata.len() as usize);
    file.read_to_string(&mut whole).ok()?;
    let (header, text) = whole.split_once("\n\n")?;
    parse(header, text)
}

fn parse(header: &str, text: &str) -> Option<Kept> {
    let mut compiled = 0;
    let mut runtimes = Vec::new();
    let mut fresh = true;
    for line in header.lines() {
        let (name, value) = line.split_once(' ')?;
        match name {
            "build" if value != BUILD => return None,
            "compiled" => compiled = value.parse().ok()?,
            "runtime" => runtimes.push(value.to_owned()),
            "watch" => fresh = fresh && is_unchanged(value, compiled),
            _ => {}
        }
    }
    Some(Kept { fresh, runtimes, text: text.to_owned() })
}

fn is_unchanged(watch: &str, compiled: u128) -> bool {
    let Some((stamp, path)) = watch.split_once('\t') else { return false };
    let changed = stamp.rsplit(' ').next().and_then(|last| last.parse::<u128>().ok()).unwrap_or(0);
    stat::stamp_of(path) == stamp && changed / 1_000_000 + SETTLED_MILLISECONDS < compiled
}

fn path_for(policy_file: Option<&str>) -> String {
    match policy_file {
        None => format!("{FOLDER}/site"),
        Some(file) => {
            let digest = Sha256::digest(file.as_bytes());
            let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("{FOLDER}/{name}")
        }
    }
}

/// `readKept(file)` of src/host/host.ts: `{fresh, runtimePaths, text}` or undefined.
pub fn read_for_script<'js>(ctx: Ctx<'js>, policy_file: Option<String>) -> rquickjs::Result<Value<'js>> {
    let Some(kept) = read(policy_file.as_deref()) else { return Ok(Value::new_undefined(ctx)) };
    let object = Object::new(ctx)?;
    object.set("fresh", kept.fresh)?;
    object.set("runtimePaths", kept.runtimes)?;
    object.set("text", kept.text)?;
    Ok(object.into_value())
}

/// `keep(file, policy)` of src/host/host.ts. Not being able to keep it only costs time at the next call.
pub fn keep(policy_file: Option<String>, policy: Object<'_>) -> rquickjs::Result<()> {
    let watched: Vec<Object> = policy.get("watched")?;
    let runtimes: Vec<String> = policy.get("runtimePaths")?;
    let text: String = policy.get("text")?;
    let mut header = format!("build {BUILD}\ncompiled {}\n", clock::now().as_millis());
    for runtime in &runtimes {
        header.push_str(&format!("runtime {runtime}\n"));
    }
    for each in &watched {
        let (stamp, path): (String, String) = (each.get("stamp")?, each.get("path")?);
        header.push_str(&format!("watch {stamp}\t{path}\n"));
    }
    // A line break in a path would forge a header line; such a policy is compiled at every call.
    if header.lines().count() == 2 + runtimes.len() + watched.len() {
        let _ = files::write_file(&path_for(policy_file.as_deref()), &format!("{header}\n{text}"), 0o600);
    }
    Ok(())
}
