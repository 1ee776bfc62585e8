//! /proc/self/mountinfo (proc_pid_mountinfo(5)): which mounts show the same files elsewhere on the host.

use std::fs;
use std::path::{Path, PathBuf};

/// One mount: which part (`root`) of which file system (`device`) is seen at `point`.
pub struct Mount {
    pub device: String,
    pub root: PathBuf,
    pub point: PathBuf,
}

/// Every mount of this process's mount namespace, in the kernel's order (later ones lie on top).
pub fn read() -> Vec<Mount> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Mount> {
    let mut fields = line.split(' ').skip(2);
    let device = fields.next()?.to_owned();
    let root = PathBuf::from(unescape(fields.next()?));
    let point = PathBuf::from(unescape(fields.next()?));
    Some(Mount { device, root, point })
}

/// The kernel writes space, tab, newline and backslash as `\ooo`.
fn unescape(field: &str) -> String {
    if !field.contains('\\') {
        return field.to_owned();
    }
    let mut text = String::with_capacity(field.len());
    let mut rest = field;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        text.push_str(before);
        let code = escape.get(1..4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => text.push(char::from(code)),
            None => text.push('\\'),
        }
        rest = escape.get(if code.is_some() { 4 } else { 1 }..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// Host paths that show the same file as `real` (itself resolved) through other mounts of its file system.
pub fn aliases(mounts: &[Mount], real: &Path) -> Vec<PathBuf> {
    // Equal depth: the later mount lies on top.
    let Some(own) = mounts
        .iter()
        .filter(|mount| real.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.components().count())
    else {
        return Vec::new();
    };
    let Ok(below) = real.strip_prefix(&own.point) else { return Vec::new() };
    let inside = own.root.join(below);
    mounts
        .iter()
        .filter(|mount| mount.device == own.device)
        .filter_map(|mount| inside.strip_prefix(&mount.root).ok().map(|rest| mount.point.join(rest)))
        .filter(|path| path != real)
        .collect()
}

/// Mount points strictly below `real`.
pub fn submounts(mounts: &[Mount], real: &Path) -> Vec<PathBuf> {
    mounts
        .iter()
        .filter(|mount| mount.point != real && mount.point.starts_with(real))
        .map(|mount| mount.point.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(device: &str, root: &str, point: &str) -> Mount {
        Mount { device: device.into(), root: root.into(), point: point.into() }
    }

    #[test]
    fn a_bind_of_a_folder_is_seen_at_its_origin() {
        let mounts = [mount("8:1", "/", "/"), mount("8:1", "/etc/ssh", "/var/lib/docker/volumes/v/_data")];
        let found = aliases(&mounts, Path::new("/var/lib/docker/volumes/v/_data/keys"));
        assert_eq!(found, [PathBuf::from("/etc/ssh/keys")]);
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape("/a\\040b\\134c"), "/a b\\c");
        assert_eq!(unescape("/a\\"), "/a\\");
    }
}
