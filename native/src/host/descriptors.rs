//! Descriptors 0 to 2: kept as they were for the real runtime, written to, and given it anew.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use super::reply::{HostError, HostResult};

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

/// True once nobody reads what is written to the descriptor, a pipe or a socket.
pub fn is_abandoned(descriptor: i32) -> bool {
    let mut asked = libc::pollfd { fd: descriptor, events: 0, revents: 0 };
    // SAFETY: one pollfd, as told.
    let answered = unsafe { libc::poll(&mut asked, 1, 0) };
    answered == 1 && asked.revents & (libc::POLLERR | libc::POLLHUP) != 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_nobody_reads_is_noticed() {
        let (reader, writer) = std::io::pipe().unwrap();
        let descriptor = writer.as_raw_fd();
        assert!(!is_abandoned(descriptor));
        drop(reader);
        assert!(is_abandoned(descriptor));
    }
}
