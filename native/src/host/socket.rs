//! One datagram to a unix socket, without ever waiting: a log daemon that hangs must not hold a container up.

use std::os::unix::net::UnixDatagram;

use super::reply::{HostError, HostResult};

/// Sends the text; a full queue is `EAGAIN`, no listener `ECONNREFUSED` or `ENOENT`.
pub fn send_datagram(path: &str, text: &str) -> HostResult<()> {
    let send = || {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.send_to(text.as_bytes(), path)
    };
    send().map(|_| ()).map_err(|error| HostError::from_io(&error, "sendto", path))
}
