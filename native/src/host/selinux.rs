//! What SELinux knows of files and labels: the label a file has, and what the loaded policy makes of a label.

use std::ffi::CString;
use std::fs::OpenOptions;
use std::io::{Read, Write};

use super::reply::{HostError, HostResult};

const CONTEXT: &str = "/sys/fs/selinux/context";
/// Labels longer than this the kernel does not take through selinuxfs.
const MOST_BYTES: usize = 4096;

/// The label of a file, links followed; `ENODATA` where it has none, `EOPNOTSUPP` where its file system has no labels.
pub fn file_label(path: &str) -> HostResult<String> {
    let name = CString::new(path).map_err(|_| HostError::new("EINVAL", "getxattr", path))?;
    let mut value = [0u8; MOST_BYTES];
    // SAFETY: strings that end with NUL and a buffer of the length told, all alive for the call.
    let length = unsafe {
        libc::getxattr(name.as_ptr(), c"security.selinux".as_ptr(), value.as_mut_ptr().cast(), value.len())
    };
    let Ok(length) = usize::try_from(length) else { return Err(HostError::last("getxattr", path)) };
    text(value.get(..length).unwrap_or_default(), path)
}

/// The label as the kernel writes it, aliases of types replaced (selinuxfs, sel_write_context). `EINVAL` where the
/// loaded policy does not take it, `ENOENT` without SELinux.
pub fn canonical_label(label: &str) -> HostResult<String> {
    let fail = |error: std::io::Error, syscall| HostError::from_io(&error, syscall, CONTEXT);
    let mut file =
        OpenOptions::new().read(true).write(true).open(CONTEXT).map_err(|error| fail(error, "open"))?;
    file.write_all(label.as_bytes()).map_err(|error| fail(error, "write"))?;
    let mut value = [0u8; MOST_BYTES];
    let length = file.read(&mut value).map_err(|error| fail(error, "read"))?;
    text(value.get(..length).unwrap_or_default(), CONTEXT)
}

/// The kernel ends labels with NUL, and not always.
fn text(bytes: &[u8], path: &str) -> HostResult<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    HostError::text(bytes.to_vec(), path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_label_of_a_file_is_read_without_its_end() {
        let file = format!("{}/lintel-label-{}", std::env::temp_dir().display(), std::process::id());
        std::fs::write(&file, "").unwrap();
        let name = CString::new(file.clone()).unwrap();
        let label = c"system_u:object_r:container_file_t:s0:c1,c2".to_bytes_with_nul();
        // SAFETY: strings that end with NUL, and a value of the length told.
        let set = unsafe {
            libc::setxattr(name.as_ptr(), c"security.selinux".as_ptr(), label.as_ptr().cast(), label.len(), 0)
        };
        // Only root may set it, and a kernel with SELinux takes none that its policy does not know.
        if set == 0 {
            assert_eq!(file_label(&file).unwrap(), "system_u:object_r:container_file_t:s0:c1,c2");
        }
        std::fs::remove_file(&file).unwrap();
        assert_eq!(file_label(&file).unwrap_err().code, "ENOENT");
        assert_eq!(file_label("a\0b").unwrap_err().code, "EINVAL");
    }

    #[test]
    fn the_end_is_taken_off_once() {
        assert_eq!(text(b"label\0", "").unwrap(), "label");
        assert_eq!(text(b"label", "").unwrap(), "label");
        assert_eq!(text(b"\xff", "").unwrap_err().code, "EILSEQ");
    }

    #[test]
    fn without_selinux_no_label_is_known() {
        if !std::path::Path::new(CONTEXT).exists() {
            assert_eq!(canonical_label("system_u:system_r:container_t:s0").unwrap_err().code, "ENOENT");
        }
    }
}
