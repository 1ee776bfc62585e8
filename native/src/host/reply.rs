//! How native results become JavaScript values: `{ok, value}` or `{ok, error: {code, syscall, path}}`.

use std::io;

use rquickjs::{Ctx, IntoJs, Object, Value};

/// A failed system call, named so that nothing of errno is lost.
#[derive(Debug)]
pub struct HostError {
    pub code: String,
    pub syscall: &'static str,
    pub path: String,
    /// Line and column from 1 of the first byte that is no UTF-8, for `EILSEQ` of a text read.
    pub place: Option<(usize, usize)>,
}

pub type HostResult<T> = Result<T, HostError>;

impl HostError {
    /// An error that lintel itself found, under an errno-like code.
    pub fn new(code: &str, syscall: &'static str, path: &str) -> HostError {
        HostError { code: code.to_owned(), syscall, path: path.to_owned(), place: None }
    }

    /// The error of a standard library call.
    pub fn from_io(error: &io::Error, syscall: &'static str, path: &str) -> HostError {
        HostError {
            code: errno_name(error.raw_os_error().unwrap_or(0)),
            syscall,
            path: path.to_owned(),
            place: None,
        }
    }

    /// Bytes as text; what is no UTF-8 is `EILSEQ`, with the place where it begins.
    pub fn text(bytes: Vec<u8>, path: &str) -> HostResult<String> {
        String::from_utf8(bytes).map_err(|error| {
            let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let before = String::from_utf8_lossy(valid);
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let place = Some((before.matches('\n').count() + 1, column));
            HostError { place, ..HostError::new("EILSEQ", "read", path) }
        })
    }

    /// The calling thread's errno.
    pub fn last(syscall: &'static str, path: &str) -> HostError {
        HostError::from_io(&io::Error::last_os_error(), syscall, path)
    }
}

/// A host result on its way to JavaScript.
pub struct Outcome<T>(pub HostResult<T>);

impl<'js, T: IntoJs<'js>> IntoJs<'js> for Outcome<T> {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        let reply = Object::new(ctx.clone())?;
        match self.0 {
            Ok(value) => {
                reply.set("ok", true)?;
                reply.set("value", value.into_js(ctx)?)?;
            }
            Err(failure) => {
                let error = Object::new(ctx.clone())?;
                error.set("code", failure.code)?;
                error.set("syscall", failure.syscall)?;
                error.set("path", failure.path)?;
                if let Some((line, column)) = failure.place {
                    error.set("line", line as f64)?;
                    error.set("column", column as f64)?;
                }
                reply.set("ok", false)?;
                reply.set("error", error)?;
            }
        }
        Ok(reply.into_value())
    }
}

/// JavaScript's null, the value of a call that has nothing to say but that it worked.
pub struct Null;

impl<'js> IntoJs<'js> for Null {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        Ok(Value::new_null(ctx.clone()))
    }
}

/// The reply of a call without a value.
pub fn done(result: HostResult<()>) -> Outcome<Null> {
    Outcome(result.map(|()| Null))
}

/// Symbolic name of an errno (errno(3)); the number in words where lintel has no name for it.
pub fn errno_name(errno: i32) -> String {
    let name = match errno {
        libc::EACCES => "EACCES",
        libc::EAGAIN => "EAGAIN",
        libc::EBADF => "EBADF",
        libc::EBUSY => "EBUSY",
        libc::ECONNREFUSED => "ECONNREFUSED",
        libc::ECONNRESET => "ECONNRESET",
        libc::EDQUOT => "EDQUOT",
        libc::EEXIST => "EEXIST",
        libc::EFBIG => "EFBIG",
        libc::EINVAL => "EINVAL",
        libc::EIO => "EIO",
        libc::EISDIR => "EISDIR",
        libc::ELOOP => "ELOOP",
        libc::EMFILE => "EMFILE",
        libc::EMSGSIZE => "EMSGSIZE",
        libc::ENAMETOOLONG => "ENAMETOOLONG",
        libc::ENOBUFS => "ENOBUFS",
        libc::ENOENT => "ENOENT",
        libc::ENOEXEC => "ENOEXEC",
        libc::ENOMEM => "ENOMEM",
        libc::ENOSPC => "ENOSPC",
        libc::ENOSYS => "ENOSYS",
        libc::ENOTDIR => "ENOTDIR",
        libc::ENOTEMPTY => "ENOTEMPTY",
        libc::ENXIO => "ENXIO",
        libc::EPERM => "EPERM",
        libc::EPIPE => "EPIPE",
        libc::EROFS => "EROFS",
        libc::ESRCH => "ESRCH",
        libc::ETXTBSY => "ETXTBSY",
        libc::EXDEV => "EXDEV",
        other => return format!("errno {other}"),
    };
    name.to_owned()
}
