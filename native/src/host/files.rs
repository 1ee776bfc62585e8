//! Files: bounded reads that do not follow links unless asked, atomic replacement, appends.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::reply::{HostError, HostResult};

/// Text of a regular file of at most `limit` bytes, UTF-8.
/// Errors: `EFBIG` over the limit, `EISDIR`/`EINVAL` for what is no file, `EILSEQ` for other encodings.
pub fn read_text(path: &str, limit: f64, follow: bool) -> HostResult<String> {
    let flags = if follow { 0 } else { libc::O_NOFOLLOW };
    let file = OpenOptions::new()
        .read(true)
        // A fifo in the file's place must not hold the call up.
        .custom_flags(flags | libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(|error| HostError::from_io(&error, "open", path))?;
    let metadata = file.metadata().map_err(|error| HostError::from_io(&error, "fstat", path))?;
    if metadata.is_dir() {
        return Err(HostError::new("EISDIR", "read", path));
    }
    if !metadata.is_file() {
        return Err(HostError::new("EINVAL", "read", path));
    }
    read_bounded(file, limit, path)
}

/// Text read from an open descriptor to its end, within the limit; the descriptor stays open.
pub fn read_descriptor(descriptor: i32, limit: f64) -> HostResult<String> {
    // SAFETY: dup only makes a new descriptor; a bad number gives -1.
    let copy = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 3) };
    let name = format!("descriptor {descriptor}");
    if copy < 0 {
        return Err(HostError::last("dup", &name));
    }
    // SAFETY: `copy` is open and owned by nobody else.
    read_bounded(unsafe { File::from_raw_fd(copy) }, limit, &name)
}

fn read_bounded(file: File, limit: f64, path: &str) -> HostResult<String> {
    let limit = limit as u64;
    let size = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
    if size > limit {
        return Err(HostError::new("EFBIG", "read", path));
    }
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| HostError::from_io(&error, "read", path))?;
    if bytes.len() as u64 > limit {
        return Err(HostError::new("EFBIG", "read", path));
    }
    HostError::text(bytes, path)
}

/// Names in a directory, sorted bytewise; names that are not UTF-8 are left out.
pub fn list_directory(path: &str) -> HostResult<Vec<String>> {
    let entries = fs::read_dir(path).map_err(|error| HostError::from_io(&error, "opendir", path))?;
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

/// Replaces a regular file's text by rename, keeping mode and owner; the text is on disk before the rename.
pub fn replace_file(path: &str, text: &str) -> HostResult<()> {
    let old = fs::symlink_metadata(path).map_err(|error| HostError::from_io(&error, "lstat", path))?;
    if !old.is_file() {
        return Err(HostError::new("EINVAL", "rename", path));
    }
    install(path, text, old.mode() & 0o7777, Some((old.uid(), old.gid())))
}

/// Writes a file with this mode whether or not it exists, creating its folder (0700) if that is missing.
pub fn write_file(path: &str, text: &str, mode: u32) -> HostResult<()> {
    if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.exists()) {
        make_directory(&folder.to_string_lossy(), 0o700)?;
    }
    install(path, text, mode, None)
}

fn install(path: &str, text: &str, mode: u32, owner: Option<(u32, u32)>) -> HostResult<()> {
    let temporary = format!("{path}.lintel-{}", std::process::id());
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&temporary)?;
        file.write_all(text.as_bytes())?;
        if let Some((uid, gid)) = owner {
            let now = file.metadata()?;
            if (now.uid(), now.gid()) != (uid, gid) {
                std::os::unix::fs::fchown(&file, Some(uid), Some(gid))?;
            }
        }
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_data()?;
        fs::rename(&temporary, path)
    };
    // A leftover of a process that was killed and had our number is ours to remove.
    let result = match write() {
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {
            let _ = fs::remove_file(&temporary);
            write()
        }
        other => other,
    };
    result.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        HostError::from_io(&error, "replace", path)
    })
}

/// Appends with one write, without a lock.
pub fn append(path: &str, text: &str, mode: u32) -> HostResult<()> {
    let mut file = open_for_append(path, mode)?;
    file.write_all(text.as_bytes()).map_err(|error| HostError::from_io(&error, "write", path))
}

/// Opens a file for appending, made with this mode if it is missing; links are not followed, a fifo holds nothing up.
pub fn open_for_append(path: &str, mode: u32) -> HostResult<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(mode)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| HostError::from_io(&error, "open", path))
}

/// Creates a folder and its parents with this mode; an existing folder is fine.
pub fn make_directory(path: &str, mode: u32) -> HostResult<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(|error| HostError::from_io(&error, "mkdir", path))
}

/// A path as C wants it; a NUL inside is `EINVAL`.
pub fn c_path(path: &str, syscall: &'static str) -> HostResult<CString> {
    CString::new(path).map_err(|_| HostError::new("EINVAL", syscall, path))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn folder(name: &str) -> String {
        let path = format!("{}/lintel-files-{name}-{}", std::env::temp_dir().display(), std::process::id());
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn reads_keep_to_limit_kind_and_encoding() {
        let folder = folder("read");
        let file = format!("{folder}/file");
        fs::write(&file, "abc").unwrap();
        assert_eq!(read_text(&file, 3.0, false).unwrap(), "abc");
        let code = |path: &str, limit: f64, follow: bool| read_text(path, limit, follow).unwrap_err().code;
        assert_eq!(code(&file, 2.0, false), "EFBIG");
        assert_eq!(code(&folder, 9.0, false), "EISDIR");
        assert_eq!(code(&format!("{folder}/none"), 9.0, false), "ENOENT");
        let link = format!("{folder}/link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(code(&link, 9.0, false), "ELOOP");
        assert_eq!(read_text(&link, 9.0, true).unwrap(), "abc");
        fs::write(&file, [0xff, 0xfe]).unwrap();
        assert_eq!(code(&file, 9.0, false), "EILSEQ");
        let fifo = format!("{folder}/fifo");
        // SAFETY: the path is NUL-terminated.
        assert_eq!(unsafe { libc::mkfifo(c_path(&fifo, "mkfifo").unwrap().as_ptr(), 0o600) }, 0);
        assert_eq!(code(&fifo, 9.0, false), "EINVAL");
    }

    #[test]
    fn replacing_keeps_mode_and_leaves_nothing_beside() {
        let folder = folder("replace");
        let file = format!("{folder}/config.json");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        // What a killed process with our number left behind is in the way of nobody.
        fs::write(format!("{file}.lintel-{}", std::process::id()), "stale").unwrap();
        replace_file(&file, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        assert_eq!(list_directory(&folder).unwrap(), ["config.json"]);
        assert_eq!(replace_file(&format!("{folder}/none"), "x").unwrap_err().code, "ENOENT");
    }
}
