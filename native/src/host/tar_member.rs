//! One file out of a tar archive (plain tar), for `lintel lint` of a tarred bundle.

use std::fs::File;
use std::io::Read;

use super::reply::{HostError, HostResult};

/// Text of the archive's first regular file whose cleaned name (no `./`, no leading `/`) is `member`.
/// Errors: `ENOENT` when there is none, `EFBIG` over the limit, `EILSEQ` when it is not UTF-8.
pub fn read(path: &str, member: &str, limit: f64) -> HostResult<String> {
    let file = File::open(path).map_err(|error| HostError::from_io(&error, "open", path))?;
    let mut archive = tar::Archive::new(file);
    let entries = archive.entries().map_err(|error| HostError::from_io(&error, "read", path))?;
    for entry in entries {
        let entry = entry.map_err(|_| HostError::new("EINVAL", "read", path))?;
        let name = entry.path().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if entry.header().entry_type().is_file() && clean(&name) == member {
            return text_of(entry, limit, path);
        }
    }
    Err(HostError::new("ENOENT", "read", path))
}

fn text_of(entry: impl Read, limit: f64, path: &str) -> HostResult<String> {
    let mut bytes = Vec::new();
    entry
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| HostError::from_io(&error, "read", path))?;
    if bytes.len() as u64 > limit as u64 {
        return Err(HostError::new("EFBIG", "read", path));
    }
    HostError::text(bytes, path)
}

fn clean(name: &str) -> &str {
    name.trim_start_matches("./").trim_start_matches('/')
}
