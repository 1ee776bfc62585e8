//! lintel's folder in /run, root's alone: what is noted there of containers that run, each file changed under a lock.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};

use super::reply::{HostError, HostResult};
use super::{files, process};

pub const FOLDER: &str = "/run/lintel";
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Only root's own folder counts, and only while nobody else can write to it.
pub fn open(folder: &str) -> HostResult<()> {
    if !process::is_root_of_host() {
        return Err(HostError::new("EPERM", "open", folder));
    }
    let _ = DirBuilder::new().mode(0o700).create(folder);
    let found = fs::symlink_metadata(folder).map_err(|error| HostError::from_io(&error, "mkdir", folder))?;
    if found.is_dir() && found.uid() == 0 && found.mode() & 0o022 == 0 {
        Ok(())
    } else {
        Err(HostError::new("EPERM", "open", folder))
    }
}

/// Opens the file that stands for a lock, made if it is missing; what is in it does not matter.
pub fn lock_file(path: &str) -> HostResult<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .map_err(|error| HostError::from_io(&error, "open", path))
}

/// Held until the descriptor is closed; whoever held it lets go by ending, however.
pub fn lock(path: &str) -> HostResult<File> {
    let file = lock_file(path)?;
    loop {
        // SAFETY: the descriptor is open; flock has no other precondition.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } == 0 {
            return Ok(file);
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(HostError::from_io(&error, "flock", path));
        }
    }
}

/// Empty where there is no such file.
pub fn read(path: &str) -> HostResult<String> {
    let mut bytes = Vec::new();
    match OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path) {
        Ok(file) => {
            file.take(MOST_BYTES)
                .read_to_end(&mut bytes)
                .map_err(|error| HostError::from_io(&error, "read", path))?;
        }
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
        Err(error) => return Err(HostError::from_io(&error, "open", path)),
    }
    HostError::text(bytes, path)
}

/// By rename: a process that is killed leaves the old text or the new. Not flushed: what is in /run ends with the host.
pub fn replace(path: &str, text: &str) -> HostResult<()> {
    let new = format!("{path}.new");
    let _ = fs::remove_file(&new);
    files::append(&new, text, 0o600)?;
    fs::rename(&new, path).map_err(|error| HostError::from_io(&error, "rename", path))
}
