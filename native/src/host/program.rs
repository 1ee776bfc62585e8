//! The real runtime: where it is, and becoming it.

use std::ffi::{CString, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use super::files::c_path;
use super::process::arguments;
use super::reply::{HostError, HostResult};

unsafe extern "C" {
    static environ: *const *const libc::c_char;
}

/// An ELF note (elf(5), Nhdr) that every build of lintel carries in its first page: name length, description
/// length, type, name padded to four bytes.
#[used]
#[unsafe(link_section = ".note.lintel")]
static NOTE: [u8; 28] = *b"\x0f\0\0\0\0\0\0\0\x01\0\0\0lintel-runtime\0\0";

const MARK: &[u8] = b"lintel-runtime";

/// True when the file is lintel, this build or another, by its note: handing a call to it would never end.
pub fn is_self(path: &str) -> bool {
    use std::io::Read;
    let mut head = Vec::with_capacity(4096);
    let read = fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut head));
    read.is_ok() && head.starts_with(b"\x7fELF") && holds(&head, MARK)
}

fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    let first = mark.first().copied().unwrap_or_default();
    let mut starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == first);
    starts.any(|(at, _)| bytes.get(at..).is_some_and(|rest| rest.starts_with(mark)))
}

/// Where `lintel divert` keeps real runtimes (src/installation/diversion.ts).
const KEPT: &str = "/usr/libexec/lintel";

/// The runtime a call is handed on to: what is kept for the name and place lintel was called by, where that is a
/// diverted runtime's; else the first of these paths that is an executable regular file and not lintel itself. A path
/// where lintel lies stands for what is kept for it.
pub fn find_runtime(paths: Vec<String>) -> Option<String> {
    let own = kept_for_this_call().into_iter().find(|path| is_runtime(path));
    own.or_else(|| {
        paths.into_iter().find_map(|path| {
            if is_runtime(&path) {
                return Some(path);
            }
            if !is_self(&path) {
                return None;
            }
            let real = fs::canonicalize(&path).ok().and_then(|real| real.into_os_string().into_string().ok());
            let real = real.unwrap_or_else(|| path.clone());
            kept_for(&real, base_name(&path)).into_iter().find(|path| is_runtime(path))
        })
    })
}

/// Where the real runtime is kept if lintel was called in the place of one, most particular first.
pub fn kept_for_this_call() -> Vec<String> {
    let arguments = arguments();
    let called = arguments.first().and_then(|first| first.to_str()).map(base_name).unwrap_or_default();
    if called.is_empty() || called.starts_with("lintel") {
        return Vec::new();
    }
    let own = fs::read_link("/proc/self/exe").ok().and_then(|path| path.into_os_string().into_string().ok());
    kept_for(own.as_deref().unwrap_or("/"), called).to_vec()
}

/// By its path, where two of one name were diverted; by its name.
fn kept_for(path: &str, name: &str) -> [String; 2] {
    [format!("{KEPT}{path}"), format!("{KEPT}/{name}")]
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_runtime(path: &str) -> bool {
    let executable = |found: fs::Metadata| found.is_file() && found.mode() & 0o111 != 0;
    fs::metadata(path).is_ok_and(executable) && !is_self(path)
}

/// The arguments for a runtime: as they came, but for the program's name where lintel goes by another than the
/// runtime (help texts print it).
pub fn arguments_for(runtime: &str, arguments: &[String]) -> Vec<String> {
    let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
    let mut named = arguments.to_vec();
    if let Some(first) = named.first_mut().filter(|first| name(first) != name(runtime)) {
        *first = runtime.to_owned();
    }
    named
}

/// Becomes the program: same process, environment, descriptors and directory. Returns only on failure.
/// The file is opened and checked first: a regular, executable file that is not lintel (`ELOOP` if it is).
/// Arguments that came in with bytes that are no UTF-8 go out with the same bytes.
pub fn execute(path: &str, arguments: &[String]) -> HostResult<()> {
    let file = fs::File::open(path).map_err(|error| HostError::from_io(&error, "open", path))?;
    let metadata = file.metadata().map_err(|error| HostError::from_io(&error, "fstat", path))?;
    if !metadata.is_file() || metadata.mode() & 0o111 == 0 {
        return Err(HostError::new("EACCES", "execve", path));
    }
    if is_self(path) {
        return Err(HostError::new("ELOOP", "execve", path));
    }
    drop(file);
    become_program(path, arguments)
}

/// The last step alone, for a program that `find_runtime` has just looked at.
pub fn become_program(path: &str, arguments: &[String]) -> HostResult<()> {
    let program = c_path(path, "execve")?;
    let exact = exact_bytes(arguments);
    let mut pointers: Vec<*const libc::c_char> = exact.iter().map(|argument| argument.as_ptr()).collect();
    pointers.push(std::ptr::null());
    // SAFETY: program and arguments are NUL-terminated and live until the call; environ is the C library's.
    unsafe { libc::execve(program.as_ptr(), pointers.as_ptr(), environ) };
    Err(HostError::last("execve", path))
}

/// lintel only ever leaves arguments out, so each one is found, in order, among those that came in.
fn exact_bytes(arguments: &[String]) -> Vec<CString> {
    let originals = self::arguments();
    let mut rest = originals.as_slice();
    let mut exact = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let found = rest.iter().position(|original| original.to_string_lossy() == argument.as_str());
        let bytes = match found.and_then(|at| rest.get(at..)).and_then(<[OsString]>::split_first) {
            Some((original, after)) => {
                rest = after;
                original.as_bytes().to_vec()
            }
            // argv[0] may be named anew.
            None => argument.as_bytes().to_vec(),
        };
        exact.push(CString::new(bytes).unwrap_or_default());
    }
    exact
}
