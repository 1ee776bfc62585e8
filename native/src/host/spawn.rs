//! Runs a program to its end, or to a time limit; for the command line only, never on a container's way.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rquickjs::{Ctx, Object, Value};

use super::reply::{HostError, Outcome};

/// `spawn(argv, stdin, timeoutMilliseconds)` of src/host/host.ts.
pub fn run<'js>(
    ctx: Ctx<'js>,
    argv: Vec<String>,
    stdin: String,
    timeout: f64,
) -> rquickjs::Result<Value<'js>> {
    use rquickjs::IntoJs;
    let Some((program, arguments)) = argv.split_first() else {
        return Outcome::<bool>(Err(HostError::new("EINVAL", "spawn", ""))).into_js(&ctx);
    };
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let finished = child.and_then(|child| finish(child, stdin, Duration::from_millis(timeout as u64)));
    match finished {
        Ok(ended) => {
            let value = Object::new(ctx.clone())?;
            value.set("status", ended.status)?;
            value.set("stdout", ended.stdout)?;
            value.set("stderr", ended.stderr)?;
            value.set("timedOut", ended.timed_out)?;
            Outcome(Ok(value)).into_js(&ctx)
        }
        Err(error) => Outcome::<bool>(Err(HostError::from_io(&error, "spawn", program))).into_js(&ctx),
    }
}

struct Ended {
    status: i32,
    stdout: String,
    stderr: String,
    timed_out: bool,
}

fn finish(mut child: Child, stdin: String, limit: Duration) -> std::io::Result<Ended> {
    let input = child.stdin.take();
    let feeder = thread::spawn(move || input.map(|mut pipe| pipe.write_all(stdin.as_bytes())));
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let deadline = Instant::now() + limit;
    let mut timed_out = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= deadline && !timed_out {
            timed_out = true;
            child.kill()?;
        }
        thread::sleep(Duration::from_millis(2));
    };
    let _ = feeder.join();
    Ok(Ended {
        status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
        timed_out,
    })
}

fn drain<R: Read + Send + 'static>(pipe: Option<R>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ended(script: &str, input: &str, limit: Duration) -> Ended {
        let child = Command::new("/bin/sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        finish(child, input.to_owned(), limit).unwrap()
    }

    #[test]
    fn output_input_and_status_come_back() {
        let result = ended("cat; echo oh >&2; exit 7", "in", Duration::from_secs(10));
        assert_eq!((result.status, result.stdout.as_str(), result.stderr.as_str()), (7, "in", "oh\n"));
        assert!(!result.timed_out);
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let result = ended("exec sleep 30", "", Duration::from_millis(50));
        assert!(result.timed_out);
        assert_eq!(result.status, 128 + libc::SIGKILL);
    }
}
