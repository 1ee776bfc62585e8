//! The short way: a call that plainly needs no judging is handed on without starting the machine.
//!
//! Which calls those are is written in TypeScript (src/runtime/door-table.ts) and compiled in as a table. Any other
//! spelling, a policy that is not kept or not fresh, a runtime that is not there: the machine sees to it.

use std::ffi::OsString;

use crate::host::{kept, program};

/// Lines: global flags with a value, global switches, commands that pass; names separated by spaces.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/door.txt"));

/// Becomes the real runtime if the call plainly passes; returns otherwise.
pub fn hand_on(arguments: &[OsString]) {
    let Some(words) = as_text(arguments) else { return };
    let Some(call) = read(&words) else { return };
    let Some(kept) = kept::read(call.policy).filter(|kept| kept.fresh) else { return };
    if let Some(runtime) = program::find_runtime(kept.runtimes) {
        let _ = program::become_program(&runtime, &program::arguments_for(&runtime, &call.handed_on));
    }
}

/// A call that plainly passes when the machine has failed.
pub struct Plain {
    /// Its arguments without lintel's own flag.
    pub handed_on: Vec<String>,
    /// The runtimes of its policy as last kept, whatever has become of the policy since.
    pub runtimes: Vec<String>,
}

/// Reads the call for whoever hands it on without the machine; `None` unless it plainly passes.
pub fn plain(arguments: &[OsString]) -> Option<Plain> {
    let words = as_text(arguments)?;
    let call = read(&words)?;
    let runtimes = kept::read(call.policy).map(|kept| kept.runtimes).unwrap_or_default();
    Some(Plain { handed_on: call.handed_on, runtimes })
}

fn as_text(arguments: &[OsString]) -> Option<Vec<&str>> {
    arguments.iter().map(|argument| argument.to_str()).collect()
}

#[derive(Debug, PartialEq)]
struct Call<'a> {
    policy: Option<&'a str>,
    handed_on: Vec<String>,
}

/// The call without lintel's own flag, if its command is one that passes.
fn read<'a>(words: &[&'a str]) -> Option<Call<'a>> {
    let mut lines = TABLE.lines();
    let (values, switches, commands) = (lines.next()?, lines.next()?, lines.next()?);
    let has = |list: &str, name: &str| list.split(' ').any(|known| known == name);
    let mut handed_on = vec![(*words.first()?).to_owned()];
    let mut policy = None;
    let mut at = 1;
    loop {
        let word = *words.get(at)?;
        let Some(flag) = word.strip_prefix("--") else {
            let rest = words.get(at..)?;
            handed_on.extend(rest.iter().map(|word| (*word).to_owned()));
            return has(commands, word).then_some(Call { policy, handed_on });
        };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag, None),
        };
        let taken = match value {
            _ if name == "lintel-policy" || has(values, name) => usize::from(value.is_none()) + 1,
            None if has(switches, name) => 1,
            _ => return None,
        };
        let end = at + taken;
        if name == "lintel-policy" {
            policy = value.or_else(|| words.get(at + 1).copied());
            policy?;
        } else {
            handed_on.extend(words.get(at..end)?.iter().map(|word| (*word).to_owned()));
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handed(words: &[&str]) -> Option<Vec<String>> {
        read(words).map(|call| call.handed_on)
    }

    #[test]
    fn what_engines_send_passes() {
        let kill =
            ["runc", "--root", "/run/x", "--log=/l", "--log-format", "json", "kill", "--all", "id", "9"];
        assert_eq!(handed(&kill), Some(kill.map(str::to_owned).to_vec()));
    }

    #[test]
    fn lintels_own_flag_is_taken_out() {
        let call = read(&["runc", "--lintel-policy", "/p", "state", "x"]);
        assert_eq!(call.as_ref().and_then(|call| call.policy), Some("/p"));
        assert_eq!(call.map(|call| call.handed_on), Some(["runc", "state", "x"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn whatever_is_not_plain_is_left_to_the_machine() {
        for words in [
            &["runc"][..],
            &["runc", "create", "x"],
            &["runc", "--root", "state"],
            &["runc", "--root", "state", "create", "x"],
            &["runc", "--debug=true", "state", "x"],
            &["runc", "-root", "/r", "state", "x"],
            &["runc", "--roo", "/r", "state", "x"],
            &["runc", "--", "state", "x"],
            &["runc", "--version", "state"],
            &["runc", "--dry-run", "state", "x"],
            &["runc", "--lintel-policy"],
        ] {
            assert_eq!(handed(words), None, "{words:?}");
        }
    }
}
