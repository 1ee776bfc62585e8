//! What the lines of decision logs say of their chain, read piece by piece. For the command line only.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read};

use rquickjs::{Ctx, IntoJs, Object, Value};
use sha2::{Digest, Sha256};

use super::chain::hexadecimal;
use super::chain_place::Link;
use super::gzip::Unpacked;
use super::log_file::{self, LogFile};
use super::reply::{HostError, HostResult};

/// Lines told in one go.
const BATCH: usize = 256;
/// Where a line's time, host and link are looked for; lines in between may be of any length, seals are never longer.
const BEGIN: usize = 2048;
const END: usize = 512;

/// How a seal begins (src/trail/seal.ts).
const SEAL: &[u8] = b"{\"version\":1,\"event\":\"sealed\",";

struct Open {
    path: String,
    source: Box<dyn BufRead>,
}

thread_local! {
    static OPEN: RefCell<Vec<Option<Open>>> = const { RefCell::new(Vec::new()) };
}

/// `LineLink` of src/host/administrator.ts.
pub struct LineLink {
    hash: String,
    ended: bool,
    link: Option<Link>,
    time: String,
    host: String,
    seal: String,
}

impl<'js> IntoJs<'js> for LineLink {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        let reply = Object::new(ctx.clone())?;
        reply.set("hash", self.hash)?;
        reply.set("ended", self.ended)?;
        reply.set("sequence", self.link.as_ref().map_or(0.0, |link| link.sequence as f64))?;
        reply.set("firstOfFile", self.link.as_ref().is_some_and(|link| link.is_first_of_file))?;
        reply.set("chainBroken", self.link.as_ref().map_or("", |link| &link.broken))?;
        reply.set("previous", self.link.as_ref().map_or("", |link| &link.previous))?;
        reply.set("time", self.time)?;
        reply.set("host", self.host)?;
        reply.set("seal", self.seal)?;
        Ok(reply.into_value())
    }
}

/// Opens a regular file, links followed; what begins like gzip is read unpacked.
pub fn open(path: &str) -> HostResult<usize> {
    let LogFile { file, is_packed, .. } = log_file::open(path)?;
    let reader: Box<dyn Read> = if is_packed { Box::new(Unpacked::new(file)) } else { Box::new(file) };
    let source = Box::new(BufReader::with_capacity(1 << 16, reader));
    Ok(OPEN.with_borrow_mut(|all| {
        all.push(Some(Open { path: path.to_owned(), source }));
        all.len() - 1
    }))
}

/// The next lines; none at the end, which closes the log.
pub fn next(handle: usize) -> HostResult<Vec<LineLink>> {
    OPEN.with_borrow_mut(|all| {
        let Some(place) = all.get_mut(handle) else { return Err(HostError::new("EBADF", "read", "")) };
        let Some(open) = place else { return Err(HostError::new("EBADF", "read", "")) };
        let mut lines = Vec::new();
        while lines.len() < BATCH {
            let read = line(&mut open.source).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => HostError::new("EBADMSG", "gunzip", &open.path),
                _ => HostError::from_io(&error, "read", &open.path),
            });
            match read? {
                Some(line) => lines.push(line),
                None => break,
            }
        }
        if lines.is_empty() {
            *place = None;
        }
        Ok(lines)
    })
}

fn line(source: &mut dyn BufRead) -> io::Result<Option<LineLink>> {
    let mut digest = Sha256::new();
    let (mut begin, mut end) = (Vec::new(), Vec::new());
    let (mut ended, mut is_empty) = (false, true);
    while !ended {
        let piece = source.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        is_empty = false;
        let newline = piece.iter().position(|byte| *byte == b'\n');
        let part = piece.get(..newline.unwrap_or(piece.len())).unwrap_or_default();
        digest.update(part);
        begin.extend(part.iter().take(BEGIN - begin.len().min(BEGIN)));
        let kept = part.get(part.len().saturating_sub(END)..).unwrap_or_default();
        end.drain(..(end.len() + kept.len()).saturating_sub(END).min(end.len()));
        end.extend(kept);
        ended = newline.is_some();
        let used = newline.map_or(piece.len(), |newline| newline + 1);
        source.consume(used);
    }
    if is_empty {
        return Ok(None);
    }
    let link = if begin.first() == Some(&b'{') { Link::at_end_of(&end) } else { None };
    let (time, host) = (member(&begin, "time"), member(&begin, "host"));
    let is_seal = ended && begin.starts_with(SEAL);
    let seal = if is_seal { String::from_utf8_lossy(&begin).into_owned() } else { String::new() };
    Ok(Some(LineLink { hash: hexadecimal(&digest.finalize()), ended, link, time, host, seal }))
}

/// The first text member of that name, as lintel writes them: without escapes.
fn member(bytes: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(bytes);
    let value = text.split_once(&format!("\"{name}\":\"")).and_then(|(_, rest)| rest.split_once('"'));
    value.map(|(value, _)| value.to_owned()).unwrap_or_default()
}
