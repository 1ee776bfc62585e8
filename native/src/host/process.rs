//! The process itself: arguments, environment, descriptors, and becoming the real runtime.

use std::env;
use std::ffi::{CStr, CString, OsString, c_char};
use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use rquickjs::{Ctx, Object};

use super::files::c_path;
use super::reply::{HostError, HostResult};
use crate::failsafe::{self, Failsafe};

unsafe extern "C" {
    static environ: *const *const libc::c_char;
}

/// What `main` was called with, which Rust's own list has from glibc alone.
static ARGUMENTS: AtomicPtr<*const c_char> = AtomicPtr::new(ptr::null_mut());

/// Keeps what `main` was called with for `arguments`.
pub fn keep_arguments(values: *const *const c_char) {
    ARGUMENTS.store(values.cast_mut(), Ordering::Relaxed);
}

/// The arguments as the kernel gave them.
pub fn arguments() -> Vec<OsString> {
    let values = ARGUMENTS.load(Ordering::Relaxed);
    if values.is_null() {
        return env::args_os().collect();
    }
    let of = |index: usize| {
        // SAFETY: the list `main` was given ends with a null, and lasts as long as the process.
        let value = unsafe { *values.add(index) };
        // SAFETY: so do its strings, each of which ends with a NUL.
        (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) })
    };
    (0..).map_while(of).map(|value| OsString::from_vec(value.to_bytes().to_vec())).collect()
}

/// Fills descriptors 0 to 2 where they are closed, close-on-exec: a file lintel opens must not become the
/// standard error of whatever it writes, and the real runtime must find them closed as they were.
pub fn reserve_standard_descriptors() {
    super::clock::begin();
    for descriptor in 0..=2 {
        // SAFETY: F_GETFD and open touch nothing but descriptors; open takes the lowest free number.
        unsafe {
            if libc::fcntl(descriptor, libc::F_GETFD) < 0 {
                libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
            }
        }
    }
}

/// `ProcessFacts` of src/host/host.ts.
pub fn facts<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let facts = Object::new(ctx.clone())?;
    let argv: Vec<String> =
        arguments().iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    facts.set("argv", argv)?;
    facts.set("pid", std::process::id())?;
    facts.set("parentPid", std::os::unix::process::parent_id())?;
    // SAFETY: geteuid cannot fail.
    facts.set("effectiveUid", f64::from(unsafe { libc::geteuid() }))?;
    facts.set("initialUserNamespace", in_initial_user_namespace())?;
    facts.set("hostname", hostname())?;
    facts.set("architecture", std::env::consts::ARCH)?;
    Ok(facts)
}

/// True for root of the initial user namespace.
pub fn is_root_of_host() -> bool {
    // SAFETY: geteuid cannot fail.
    (unsafe { libc::geteuid() }) == 0 && in_initial_user_namespace()
}

/// True where uid_map is the identity over all ids, or the kernel has no user namespaces (CONFIG_USER_NS).
pub fn in_initial_user_namespace() -> bool {
    maps_all_to_itself(fs::read_to_string("/proc/self/uid_map"), || fs::exists("/proc/self/status"))
}

fn maps_all_to_itself(map: io::Result<String>, is_proc_there: impl Fn() -> io::Result<bool>) -> bool {
    match map {
        Ok(map) => map.split_ascii_whitespace().eq(["0", "0", "4294967295"]),
        Err(error) => error.kind() == io::ErrorKind::NotFound && matches!(is_proc_there(), Ok(true)),
    }
}

fn hostname() -> String {
    // SAFETY: utsname is plain data that the kernel fills, each member ending in a NUL.
    let mut names: libc::utsname = unsafe { std::mem::zeroed() };
    unsafe { libc::uname(&mut names) };
    // SAFETY: as above.
    unsafe { CStr::from_ptr(names.nodename.as_ptr()) }.to_string_lossy().into_owned()
}

/// A variable of the environment, if it is set and UTF-8.
pub fn environment(name: String) -> Option<String> {
    env::var(name).ok()
}

/// The working directory.
pub fn current_directory() -> HostResult<String> {
    let directory = env::current_dir().map_err(|error| HostError::from_io(&error, "getcwd", "."))?;
    directory.into_os_string().into_string().map_err(|_| HostError::new("EILSEQ", "getcwd", "."))
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

/// Writes all of the text to a descriptor; what cannot be written is dropped.
pub fn write_descriptor(descriptor: i32, text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        // SAFETY: the buffer is valid for its length. SIGPIPE may end us: so it would the real runtime.
        let written = unsafe { libc::write(descriptor, rest.as_ptr().cast(), rest.len()) };
        let error = std::io::Error::last_os_error();
        match usize::try_from(written) {
            Ok(count) if count > 0 => rest = rest.get(count..).unwrap_or_default(),
            _ if error.kind() == std::io::ErrorKind::Interrupted => {}
            _ => return,
        }
    }
}

/// Makes the text descriptor 0, readable from its start, for the program executed next. memfd_create(2)
/// where the kernel has it (3.17), else an unlinked file.
pub fn replace_stdin(text: &str) -> HostResult<()> {
    // SAFETY: the name is NUL-terminated; the result is checked.
    let memory = unsafe { libc::memfd_create(c"lintel-stdin".as_ptr(), libc::MFD_CLOEXEC) };
    let file = if memory >= 0 {
        use std::os::fd::FromRawFd;
        // SAFETY: a fresh descriptor nobody else owns.
        unsafe { fs::File::from_raw_fd(memory) }
    } else {
        unlinked_file()?
    };
    let rewind = |mut file: &fs::File| -> std::io::Result<()> {
        use std::io::{Seek, Write};
        file.write_all(text.as_bytes())?;
        file.rewind()
    };
    rewind(&file).map_err(|error| HostError::from_io(&error, "write", "descriptor 0"))?;
    // SAFETY: both are descriptors; dup2 clears close-on-exec on the copy.
    if unsafe { libc::dup2(file.as_raw_fd(), 0) } < 0 {
        return Err(HostError::last("dup2", "descriptor 0"));
    }
    Ok(())
}

/// In the first folder that takes it: one may be read-only, not this caller's, or hold what a killed process left.
fn unlinked_file() -> HostResult<fs::File> {
    let mut problem = HostError::new("ENOENT", "open", "");
    for folder in ["/run", "/dev/shm", "/tmp"] {
        let path = format!("{folder}/lintel-stdin-{}", std::process::id());
        match fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => {
                let _ = fs::remove_file(&path);
                return Ok(file);
            }
            Err(error) => problem = HostError::from_io(&error, "open", &path),
        }
    }
    Err(problem)
}

/// True when the descriptor is a terminal.
pub fn is_terminal(descriptor: i32) -> bool {
    // SAFETY: isatty only looks.
    unsafe { libc::isatty(descriptor) == 1 }
}

/// Columns of the terminal at descriptor 1, 80 where there is none.
pub fn terminal_columns() -> u16 {
    // SAFETY: winsize is plain data that the kernel fills.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    let answered = unsafe { libc::ioctl(1, libc::TIOCGWINSZ, &mut size) } == 0;
    if answered && size.ws_col > 0 { size.ws_col } else { 80 }
}

/// `setFailsafe(failsafe)` of src/host/host.ts.
pub fn set_failsafe(told: Object<'_>) -> rquickjs::Result<()> {
    failsafe::set(Failsafe {
        deny: told.get("deny")?,
        runtime: told.get("runtime")?,
        arguments: told.get("argv")?,
        log: told.get("log")?,
        log_format: told.get("logFormat")?,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_of_the_host_is_told_by_the_map_or_by_a_kernel_that_has_none() {
        let told = |map: &str| maps_all_to_itself(Ok(map.to_owned()), || Ok(true));
        assert!(told("         0          0 4294967295\n"));
        assert!(!told("         0       1000          1\n"));
        assert!(!told(""));
        let missing = || Err(io::Error::from_raw_os_error(libc::ENOENT));
        assert!(maps_all_to_itself(missing(), || Ok(true)));
        assert!(!maps_all_to_itself(missing(), || Ok(false)));
        assert!(!maps_all_to_itself(Err(io::Error::from_raw_os_error(libc::EACCES)), || Ok(true)));
    }
}
