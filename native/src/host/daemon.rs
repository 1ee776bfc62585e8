//! How a running engine is spoken to: a signal, a request on its unix socket, and waiting. For the command line only.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::reply::{HostError, HostResult};

/// Sends a signal to one process; `ESRCH` where there is none.
pub fn signal(process: i32, signal: i32) -> HostResult<()> {
    // Zero and below mean groups.
    if process < 1 {
        return Err(HostError::new("EINVAL", "kill", &process.to_string()));
    }
    // SAFETY: kill has no precondition.
    if unsafe { libc::kill(process, signal) } == 0 {
        Ok(())
    } else {
        Err(HostError::last("kill", &process.to_string()))
    }
}

/// Sends the text to a stream socket and returns all that comes until the other side ends, within the limits.
/// Errors: `EAGAIN` where it was silent for so long, `EFBIG` over `limit` bytes.
pub fn exchange(path: &str, text: &str, limit: f64, milliseconds: f64) -> HostResult<String> {
    let patience = Some(Duration::from_millis(milliseconds as u64));
    let talk = || -> std::io::Result<Vec<u8>> {
        let mut socket = UnixStream::connect(path)?;
        socket.set_read_timeout(patience)?;
        socket.set_write_timeout(patience)?;
        socket.write_all(text.as_bytes())?;
        let mut bytes = Vec::new();
        socket.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = talk().map_err(|error| HostError::from_io(&error, "connect", path))?;
    if bytes.len() as f64 > limit {
        return Err(HostError::new("EFBIG", "read", path));
    }
    HostError::text(bytes, path)
}

/// Waits.
pub fn sleep(milliseconds: f64) {
    std::thread::sleep(Duration::from_millis(milliseconds as u64));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_request_gets_its_answer_or_an_error() {
        let path = format!("{}/lintel-exchange-{}", std::env::temp_dir().display(), std::process::id());
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || {
            for answer in ["pong", "too much"] {
                let (mut socket, _) = listener.accept().unwrap();
                let mut asked = [0; 4];
                socket.read_exact(&mut asked).unwrap();
                assert_eq!(&asked, b"ping");
                socket.write_all(answer.as_bytes()).unwrap();
            }
            // Accepted by nobody, answered by nobody.
            listener
        });
        assert_eq!(exchange(&path, "ping", 4.0, 5000.0).unwrap(), "pong");
        assert_eq!(exchange(&path, "ping", 4.0, 5000.0).unwrap_err().code, "EFBIG");
        let listener = server.join().unwrap();
        assert_eq!(exchange(&path, "ping", 4.0, 20.0).unwrap_err().code, "EAGAIN");
        drop(listener);
        assert_eq!(exchange(&path, "ping", 4.0, 20.0).unwrap_err().code, "ECONNREFUSED");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(exchange(&path, "ping", 4.0, 20.0).unwrap_err().code, "ENOENT");
    }

    #[test]
    fn signals_go_to_one_process() {
        let own = i32::try_from(std::process::id()).unwrap();
        signal(own, 0).unwrap();
        assert_eq!(signal(0, 0).unwrap_err().code, "EINVAL");
        assert_eq!(signal(i32::MAX, 0).unwrap_err().code, "ESRCH");
    }
}
