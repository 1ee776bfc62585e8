//! What stat(2), readlink(2) and realpath(3) say, with 64-bit numbers as decimal text.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use rquickjs::{Ctx, IntoJs, Object, Value};

use super::reply::{HostError, HostResult};

/// `FileStat` of src/host/host.ts.
pub struct FileStat(Metadata);

/// Stat of a path, of the link itself unless `follow`.
pub fn of_path(path: &str, follow: bool) -> HostResult<FileStat> {
    let metadata = if follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
    metadata.map(FileStat).map_err(|error| HostError::from_io(&error, "stat", path))
}

/// One line a path that changes whenever the file does (content, owner or mode all move ctime): identity, owner,
/// mode, size and ctime in nanoseconds; `absent` where there is nothing.
pub fn stamps(paths: Vec<String>) -> Vec<String> {
    paths.iter().map(|path| stamp_of(path)).collect()
}

/// The stamp of one path.
pub fn stamp_of(path: &str) -> String {
    fs::metadata(path).map_or_else(|_| "absent".to_owned(), |found| stamp(&found))
}

fn stamp(found: &Metadata) -> String {
    let changed = nanoseconds(found.ctime(), found.ctime_nsec());
    format!("{} {} {} {} {changed}", identity(found), found.uid(), found.mode() & 0o7777, found.size())
}

/// Target of a symbolic link; text that is not UTF-8 is `EILSEQ`.
pub fn read_link(path: &str) -> HostResult<String> {
    let target = fs::read_link(path).map_err(|error| HostError::from_io(&error, "readlink", path))?;
    target.into_os_string().into_string().map_err(|_| HostError::new("EILSEQ", "readlink", path))
}

/// The path with every link, `.` and `..` resolved.
pub fn real_path(path: &str) -> HostResult<String> {
    let real = fs::canonicalize(path).map_err(|error| HostError::from_io(&error, "realpath", path))?;
    real.into_os_string().into_string().map_err(|_| HostError::new("EILSEQ", "realpath", path))
}

/// `device:inode` in decimal.
pub fn identity(metadata: &Metadata) -> String {
    format!("{}:{}", metadata.dev(), metadata.ino())
}

/// The kind by name.
pub fn kind(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "symlink"
    } else if kind.is_socket() {
        "socket"
    } else if kind.is_block_device() {
        "block"
    } else if kind.is_char_device() {
        "character"
    } else if kind.is_fifo() {
        "fifo"
    } else {
        "file"
    }
}

impl<'js> IntoJs<'js> for FileStat {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        let metadata = &self.0;
        let stat = Object::new(ctx.clone())?;
        stat.set("id", identity(metadata))?;
        stat.set("device", metadata.dev().to_string())?;
        stat.set("represents", metadata.rdev().to_string())?;
        stat.set("kind", kind(metadata))?;
        stat.set("mode", metadata.mode() & 0o7777)?;
        stat.set("uid", f64::from(metadata.uid()))?;
        stat.set("gid", f64::from(metadata.gid()))?;
        stat.set("size", metadata.size() as f64)?;
        stat.set("modified", nanoseconds(metadata.mtime(), metadata.mtime_nsec()))?;
        stat.set("changed", nanoseconds(metadata.ctime(), metadata.ctime_nsec()))?;
        Ok(stat.into_value())
    }
}

fn nanoseconds(seconds: i64, rest: i64) -> String {
    (i128::from(seconds) * 1_000_000_000 + i128::from(rest)).to_string()
}
