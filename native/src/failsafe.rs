//! What happens to the call when lintel itself breaks: refuse, or hand on, as the script said beforehand.
//! Source: DESIGN section 3, row "a bug in lintel".

use std::cell::RefCell;
use std::ffi::OsString;

use crate::door;
use crate::host::{break_glass, descriptors, files, kept, process, program};
use crate::vm::Role;

/// Told by the script as soon as it knows; see `Failsafe` in src/host/host.ts.
#[derive(Clone)]
pub struct Failsafe {
    pub deny: bool,
    pub runtime: String,
    pub arguments: Vec<String>,
    pub log: String,
    pub log_format: String,
}

thread_local! {
    static CURRENT: RefCell<Option<Failsafe>> = const { RefCell::new(None) };
}

/// Remembers what to do if the script dies from here on.
pub fn set(failsafe: Failsafe) {
    CURRENT.with(|current| *current.borrow_mut() = Some(failsafe));
}

/// Where the real runtime is looked for when not even the policy could be asked.
const LAST_RESORT: [&str; 5] = [
    "/usr/libexec/lintel/runc",
    "/usr/sbin/runc",
    "/usr/bin/runc",
    "/usr/libexec/lintel/crun",
    "/usr/bin/crun",
];

const GUARDED: [&str; 5] = ["create", "run", "restore", "exec", "update"];

const REPORTS: &str = "/var/lib/lintel/reports";

/// Ends the process after a bug: exit status, unless the call is handed to the real runtime.
pub fn fall(role: Role, bug: &str) -> i32 {
    if role == Role::CommandLine {
        descriptors::write_descriptor(2, &format!("lintel: internal error: {bug}\n"));
        return 3;
    }
    let known = CURRENT.with(|current| current.borrow().clone());
    match known {
        Some(failsafe) if failsafe.deny && !is_broken_glass(bug) => refuse(bug, Some(&failsafe)),
        Some(failsafe) => hand_on(&[failsafe.runtime], failsafe.arguments),
        None => without_knowledge(bug),
    }
}

/// The script told nothing. What plainly passes does so; otherwise a word of a guarded operation anywhere refuses,
/// and the rest (kill, delete, state in some rare spelling) goes through: a container can always be stopped.
fn without_knowledge(bug: &str) -> i32 {
    let arguments = process::arguments();
    let last_resort = LAST_RESORT.map(str::to_owned);
    let own = program::kept_for_this_call();
    if let Some(call) = door::plain(&arguments) {
        return hand_on(&[own.as_slice(), &call.runtimes, &last_resort].concat(), call.handed_on);
    }
    let guarded = |argument: &OsString| GUARDED.iter().any(|word| argument == word);
    if arguments.iter().skip(1).any(guarded) && !is_broken_glass(bug) {
        return refuse(bug, None);
    }
    let kept = kept::read(None).map(|kept| kept.runtimes).unwrap_or_default();
    let arguments = arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    hand_on(&[own.as_slice(), &kept, &last_resort].concat(), arguments)
}

/// True while root has switched the host to mode `warn`: nothing is refused then, not even after a bug, but reported.
fn is_broken_glass(bug: &str) -> bool {
    let running = break_glass::is_running();
    if running {
        report(bug);
    }
    running
}

fn hand_on(paths: &[String], arguments: Vec<String>) -> i32 {
    for path in paths {
        if !program::is_self(path) {
            let _ = program::execute(path, &arguments);
        }
    }
    descriptors::write_descriptor(2, "lintel: the real container runtime could not be started\n");
    127
}

fn refuse(bug: &str, failsafe: Option<&Failsafe>) -> i32 {
    let first_line = bug.lines().next().unwrap_or_default();
    let text = format!(
        "lintel failed while judging this call and refuses it ({}). {}",
        printable(first_line),
        report(bug)
    );
    if let Some(failsafe) = failsafe.filter(|failsafe| !failsafe.log.is_empty()) {
        let _ = files::append(&failsafe.log, &log_line(&text, &failsafe.log_format), 0o600);
    }
    descriptors::write_descriptor(2, &format!("{text}\n"));
    1
}

fn report(bug: &str) -> String {
    let now = crate::host::clock::timestamp(crate::host::clock::now());
    let path = format!("{REPORTS}/{}-{}.txt", now.replace(':', ""), std::process::id());
    let arguments: Vec<_> =
        process::arguments().iter().map(|a| without_token(&a.to_string_lossy())).collect();
    let text = format!("time: {now}\narguments: {arguments:?}\n\n{bug}\n");
    match files::write_file(&path, &text, 0o600) {
        Ok(()) => format!("Report for the administrator: {path}"),
        Err(_) => "No report could be written under /var/lib/lintel".to_owned(),
    }
}

/// An argument as a report may hold it: up to a signed token, which all begin with `{"` in base64url.
fn without_token(argument: &str) -> String {
    match argument.split_once("eyJ") {
        Some((before, after)) if after.len() >= 16 => format!("{before}eyJ…"),
        _ => argument.to_owned(),
    }
}

/// One line of runc's log in the asked format (logrus text or JSON).
fn log_line(text: &str, format: &str) -> String {
    let time = crate::host::clock::timestamp(crate::host::clock::now());
    let quoted = quote(text);
    if format == "json" {
        format!("{{\"level\":\"error\",\"msg\":{quoted},\"time\":\"{time}\"}}\n")
    } else {
        format!("time=\"{time}\" level=error msg={quoted}\n")
    }
}

fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
