//! The process itself: arguments, environment, and who it is.

use std::env;
use std::ffi::{CStr, OsString, c_char};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use rquickjs::{Ctx, Object};

use super::reply::{HostError, HostResult};
use crate::failsafe::{self, Failsafe};

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
