//! How an executable gets a further place: a copy that is like the original in all that counts, or a symbolic link.
//! For the command line only.

use std::ffi::{CStr, CString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};

use super::reply::{HostError, HostResult};

/// Copies a regular file to a name that must be free: bytes, owner, mode, times and every extended attribute (SELinux
/// label, access list, capabilities). On disk when it returns; nothing is left of one that failed.
pub fn copy_file(from: &str, to: &str) -> HostResult<()> {
    let fail = |error: io::Error, syscall| HostError::from_io(&error, syscall, to);
    let source = File::open(from).map_err(|error| HostError::from_io(&error, "open", from))?;
    let copy = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(to)
        .map_err(|error| fail(error, "create"))?;
    fill(&source, &copy).map_err(|error| {
        let _ = fs::remove_file(to);
        fail(error, "copy")
    })
}

fn fill(mut source: &File, mut copy: &File) -> io::Result<()> {
    let metadata = source.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    io::copy(&mut source, &mut copy)?;
    // A change of owner takes set-user-ID bits and capabilities away, so it comes first.
    std::os::unix::fs::fchown(copy, Some(metadata.uid()), Some(metadata.gid()))?;
    copy.set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    copy_attributes(source, copy)?;
    copy.set_times(
        fs::FileTimes::new().set_accessed(metadata.accessed()?).set_modified(metadata.modified()?),
    )?;
    copy.sync_all()
}

fn copy_attributes(source: &File, copy: &File) -> io::Result<()> {
    for name in attributes(source)? {
        let Some(value) = attribute(source, &name)? else { continue };
        // SAFETY: an open descriptor, a name that ends with NUL, and a buffer of the length told.
        let set = unsafe {
            libc::fsetxattr(copy.as_raw_fd(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0)
        };
        // The label a file gets by its place may already be the one it cannot be given (no SELinux right to relabel).
        if set != 0 && attribute(copy, &name)?.as_ref() != Some(&value) {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

const MOST_BYTES: usize = 65_536;

/// Names of the extended attributes; none where the file system has no such thing.
fn attributes(file: &File) -> io::Result<Vec<CString>> {
    let mut names = vec![0u8; MOST_BYTES];
    // SAFETY: an open descriptor and a buffer of the length told.
    let length = unsafe { libc::flistxattr(file.as_raw_fd(), names.as_mut_ptr().cast(), names.len()) };
    let Ok(length) = usize::try_from(length) else { return nothing_if_unsupported().map(|()| Vec::new()) };
    names.truncate(length);
    Ok(names
        .split_inclusive(|byte| *byte == 0)
        .flat_map(CStr::from_bytes_with_nul)
        .map(CStr::to_owned)
        .collect())
}

fn attribute(file: &File, name: &CStr) -> io::Result<Option<Vec<u8>>> {
    let mut value = vec![0u8; MOST_BYTES];
    // SAFETY: an open descriptor, a name that ends with NUL, and a buffer of the length told.
    let length =
        unsafe { libc::fgetxattr(file.as_raw_fd(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    let Ok(length) = usize::try_from(length) else { return nothing_if_unsupported().map(|()| None) };
    value.truncate(length);
    Ok(Some(value))
}

fn nothing_if_unsupported() -> io::Result<()> {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EOPNOTSUPP | libc::ENODATA) => Ok(()),
        _ => Err(error),
    }
}

/// True where both names stand for one file, or for files of the same bytes.
pub fn are_equal(one: &str, other: &str) -> HostResult<bool> {
    let open = |path: &str| -> HostResult<(File, fs::Metadata)> {
        let file = File::open(path).map_err(|error| HostError::from_io(&error, "open", path))?;
        let metadata = file.metadata().map_err(|error| HostError::from_io(&error, "fstat", path))?;
        Ok((file, metadata))
    };
    let ((mut first, first_found), (mut second, second_found)) = (open(one)?, open(other)?);
    if (first_found.dev(), first_found.ino()) == (second_found.dev(), second_found.ino()) {
        return Ok(true);
    }
    if first_found.len() != second_found.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0u8; MOST_BYTES], vec![0u8; MOST_BYTES]);
    loop {
        let read =
            read_fully(&mut first, &mut left).map_err(|error| HostError::from_io(&error, "read", one))?;
        let also =
            read_fully(&mut second, &mut right).map_err(|error| HostError::from_io(&error, "read", other))?;
        if read != also || left.get(..read) != right.get(..also) {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// Fills the buffer as far as the file goes.
fn read_fully(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    use std::io::Read;
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Makes a symbolic link of a name that must be free; the name is flushed with its folder by the next change there.
pub fn symbolic_link(target: &str, path: &str) -> HostResult<()> {
    std::os::unix::fs::symlink(target, path).map_err(|error| HostError::from_io(&error, "symlink", path))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn folder(name: &str) -> String {
        let path = format!("{}/lintel-place-{name}-{}", std::env::temp_dir().display(), std::process::id());
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_copy_is_like_its_original() {
        let folder = folder("copy");
        let (from, to) = (format!("{folder}/from"), format!("{folder}/to"));
        fs::write(&from, "bytes").unwrap();
        fs::set_permissions(&from, fs::Permissions::from_mode(0o4751)).unwrap();
        let file = OpenOptions::new().write(true).open(&from).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::new(1_000_000_007, 9)).unwrap();
        // SAFETY: an open descriptor, names and values of the lengths told.
        let has_attributes = unsafe {
            libc::fsetxattr(file.as_raw_fd(), c"user.test".as_ptr(), c"yes".as_ptr().cast(), 3, 0) == 0
        };
        copy_file(&from, &to).unwrap();
        let (old, new) = (fs::metadata(&from).unwrap(), fs::metadata(&to).unwrap());
        assert_eq!(fs::read_to_string(&to).unwrap(), "bytes");
        assert_eq!((new.mode(), new.uid(), new.gid()), (old.mode(), old.uid(), old.gid()));
        assert_eq!(new.modified().unwrap(), old.modified().unwrap());
        let expected = has_attributes.then(|| b"yes".to_vec());
        assert_eq!(attribute(&File::open(&to).unwrap(), c"user.test").unwrap(), expected);
    }

    #[test]
    fn files_are_equal_by_their_bytes() {
        let folder = folder("equal");
        let path = |name: &str| format!("{folder}/{name}");
        let long = "x".repeat(3 * MOST_BYTES);
        fs::write(path("one"), &long).unwrap();
        fs::hard_link(path("one"), path("link")).unwrap();
        fs::write(path("copy"), &long).unwrap();
        fs::write(path("longer"), format!("{long}x")).unwrap();
        fs::write(path("other"), format!("{}y", &long[1..])).unwrap();
        for (name, expected) in [("link", true), ("copy", true), ("longer", false), ("other", false)] {
            assert_eq!(are_equal(&path("one"), &path(name)).unwrap(), expected, "{name}");
        }
        assert_eq!(are_equal(&path("one"), &path("none")).unwrap_err().code, "ENOENT");
    }

    #[test]
    fn what_cannot_be_copied_leaves_nothing() {
        let folder = folder("fail");
        let (from, to) = (format!("{folder}/from"), format!("{folder}/to"));
        assert_eq!(copy_file(&from, &to).unwrap_err().code, "ENOENT");
        assert_eq!(copy_file(&folder, &to).unwrap_err().code, "EINVAL");
        assert!(!fs::exists(&to).unwrap());
        fs::write(&from, "new").unwrap();
        fs::write(&to, "taken").unwrap();
        assert_eq!(copy_file(&from, &to).unwrap_err().code, "EEXIST");
        assert_eq!(fs::read_to_string(&to).unwrap(), "taken");
    }
}
