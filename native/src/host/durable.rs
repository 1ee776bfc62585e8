//! Changes to an engine's files that a crash leaves either undone or done: what is made is on disk before it gets its
//! name, and the name is on disk when the call returns. For the command line only.

use std::ffi::CStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::reply::{HostError, HostResult};
use super::run_folder::lock_file;

/// What says who may do what with a file beside mode and owner: its SELinux label and its access list.
const ATTRIBUTES: [&CStr; 2] = [c"security.selinux", c"system.posix_acl_access"];

/// Makes a file with this text, in place of a leftover of the same name, and flushes it. `like`: an existing file whose
/// mode, owner, label and access list it gets; without one the mode is `mode` and the owner the caller.
pub fn create_file(path: &str, text: &str, mode: u32, like: Option<String>) -> HostResult<()> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        match &like {
            Some(model) => imitate(&file, model)?,
            None => file.set_permissions(fs::Permissions::from_mode(mode))?,
        }
        file.sync_all()
    };
    let result = match write() {
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {
            let _ = fs::remove_file(path);
            write()
        }
        other => other,
    };
    result.map_err(|error| {
        let _ = fs::remove_file(path);
        HostError::from_io(&error, "create", path)
    })
}

fn imitate(file: &File, model: &str) -> io::Result<()> {
    let (own, metadata) = (file.metadata()?, fs::metadata(model)?);
    if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
        std::os::unix::fs::fchown(file, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    file.set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    let model = File::open(model)?;
    for name in ATTRIBUTES {
        let mut value = [0u8; 4096];
        // SAFETY: open descriptors, a name that ends with NUL, and a buffer of the length told.
        let length = unsafe {
            libc::fgetxattr(model.as_raw_fd(), name.as_ptr(), value.as_mut_ptr().cast(), value.len())
        };
        let Ok(length) = usize::try_from(length) else { continue };
        // SAFETY: as above; `length` bytes of the buffer are filled.
        let set =
            unsafe { libc::fsetxattr(file.as_raw_fd(), name.as_ptr(), value.as_ptr().cast(), length, 0) };
        if set != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Gives a file a second name; the name is flushed.
pub fn link(from: &str, to: &str) -> HostResult<()> {
    fs::hard_link(from, to).map_err(|error| HostError::from_io(&error, "link", to))?;
    flush_folder(to)
}

/// Renames, replacing what has the new name; both folders are flushed.
pub fn rename(from: &str, to: &str) -> HostResult<()> {
    fs::rename(from, to).map_err(|error| HostError::from_io(&error, "rename", to))?;
    flush_folder(to)?;
    if Path::new(from).parent() == Path::new(to).parent() { Ok(()) } else { flush_folder(from) }
}

/// Removes a file, or a folder that is empty; the folder it was in is flushed.
pub fn remove(path: &str) -> HostResult<()> {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let removed = if is_folder { fs::remove_dir(path) } else { fs::remove_file(path) };
    removed.map_err(|error| HostError::from_io(&error, "unlink", path))?;
    flush_folder(path)
}

fn flush_folder(path: &str) -> HostResult<()> {
    let folder = Path::new(path).parent().unwrap_or(Path::new("/"));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| HostError::from_io(&error, "fsync", &folder.to_string_lossy()))
}

/// Holds a file locked until the process ends; `EAGAIN` where another holds it.
pub fn lock(path: &str) -> HostResult<()> {
    let file = lock_file(path)?;
    // SAFETY: the descriptor is open; flock has no other precondition.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        return Err(HostError::last("flock", path));
    }
    // The lock lasts as long as the descriptor.
    let _ = file.into_raw_fd();
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn folder(name: &str) -> String {
        let path = format!("{}/lintel-durable-{name}-{}", std::env::temp_dir().display(), std::process::id());
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn what_is_made_is_like_its_model_and_replaces_leftovers() {
        let folder = folder("create");
        let (model, new) = (format!("{folder}/model"), format!("{folder}/new"));
        fs::write(&model, "old").unwrap();
        fs::set_permissions(&model, fs::Permissions::from_mode(0o640)).unwrap();
        fs::write(&new, "a leftover that is longer").unwrap();
        create_file(&new, "text", 0o600, Some(model)).unwrap();
        assert_eq!(fs::read_to_string(&new).unwrap(), "text");
        assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, 0o640);
        create_file(&new, "text", 0o644, None).unwrap();
        assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, 0o644);
        let missing = create_file(&format!("{folder}/none/x"), "", 0o600, None).unwrap_err();
        assert_eq!(missing.code, "ENOENT");
    }

    #[test]
    fn names_are_given_moved_and_taken() {
        let folder = folder("names");
        let (one, two) = (format!("{folder}/one"), format!("{folder}/two"));
        fs::write(&one, "1").unwrap();
        link(&one, &two).unwrap();
        assert_eq!(link(&one, &two).unwrap_err().code, "EEXIST");
        fs::write(format!("{folder}/new"), "2").unwrap();
        rename(&format!("{folder}/new"), &one).unwrap();
        assert_eq!(
            (fs::read_to_string(&one).unwrap(), fs::read_to_string(&two).unwrap()),
            ("2".into(), "1".into())
        );
        assert!(remove(&folder).is_err());
        remove(&one).unwrap();
        remove(&two).unwrap();
        remove(&folder).unwrap();
        assert_eq!(remove(&folder).unwrap_err().code, "ENOENT");
    }

    #[test]
    fn a_lock_is_held_by_one() {
        let path = format!("{}/lock", folder("lock"));
        lock(&path).unwrap();
        assert_eq!(lock(&path).unwrap_err().code, "EAGAIN");
    }
}
