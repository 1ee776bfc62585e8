//! Opens a log for reading, whether logrotate has packed it or not. For the command line only.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use super::gzip::MAGIC;
use super::reply::{HostError, HostResult};

pub struct LogFile {
    pub file: File,
    pub metadata: Metadata,
    /// It begins like gzip.
    pub is_packed: bool,
}

/// Opens a regular file, links followed. Errors: `EISDIR` and `EINVAL` for what is no file.
pub fn open(path: &str) -> HostResult<LogFile> {
    let failed = |error: io::Error| HostError::from_io(&error, "open", path);
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(HostError::new(if metadata.is_dir() { "EISDIR" } else { "EINVAL" }, "read", path));
    }
    let mut head = [0; 2];
    let is_packed = file.read_at(&mut head, 0).map_err(failed)? == 2 && head == MAGIC;
    Ok(LogFile { file, metadata, is_packed })
}
