//! /proc/self/mountinfo (proc_pid_mountinfo(5)): which mounts show the same files elsewhere on the host.

use std::fs;
use std::path::{Path, PathBuf};

use super::file_system;

/// One mount: which part (`root`) of which file system (`device`) is seen at `point`.
pub struct Mount {
    pub device: String,
    pub root: PathBuf,
    pub point: PathBuf,
    /// The type, as `file_system` names it.
    pub file_system: &'static str,
}

/// A host path that a mount shows, and the type of its file system.
#[derive(Debug, PartialEq)]
pub struct Seen {
    pub path: PathBuf,
    pub file_system: &'static str,
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
    // Optional fields end with a dash; the type is next.
    let name = fields.skip_while(|field| *field != "-").nth(1)?;
    Some(Mount { device, root, point, file_system: file_system::of_name(name) })
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
pub fn aliases(mounts: &[Mount], real: &Path) -> Vec<Seen> {
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
        .filter_map(|mount| {
            let rest = inside.strip_prefix(&mount.root).ok()?;
            // Joining nothing would leave a slash at the end.
            let path = mount.point.join(rest).components().collect();
            Some(Seen { path, file_system: mount.file_system })
        })
        .filter(|seen| seen.path != real)
        .collect()
}

/// Mount points strictly below `real`.
pub fn submounts(mounts: &[Mount], real: &Path) -> Vec<Seen> {
    mounts
        .iter()
        .filter(|mount| mount.point != real && mount.point.starts_with(real))
        .map(|mount| Seen { path: mount.point.clone(), file_system: mount.file_system })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(device: &str, root: &str, point: &str) -> Mount {
        Mount { device: device.into(), root: root.into(), point: point.into(), file_system: "" }
    }

    #[test]
    fn a_bind_of_a_folder_is_seen_at_its_origin() {
        let mounts = [mount("8:1", "/", "/"), mount("8:1", "/etc/ssh", "/var/lib/docker/volumes/v/_data")];
        let found = aliases(&mounts, Path::new("/var/lib/docker/volumes/v/_data/keys"));
        assert_eq!(found, [Seen { path: "/etc/ssh/keys".into(), file_system: "" }]);
    }

    #[test]
    fn the_top_of_another_mount_has_no_slash_at_the_end() {
        let mounts = [mount("0:5", "/", "/sys/fs/cgroup/unified"), mount("0:5", "/", "/v")];
        let found = aliases(&mounts, Path::new("/v"));
        assert_eq!(found[0].path.to_str(), Some("/sys/fs/cgroup/unified"));
    }

    #[test]
    fn the_type_stands_behind_any_number_of_optional_fields() {
        let lines =
            ["24 1 0:5 / /v/a rw - proc proc rw", "25 1 0:6 / /v/b rw shared:7 master:8 - bpf bpf rw"];
        let mounts: Vec<Mount> = lines.iter().filter_map(|line| parse_line(line)).collect();
        let found = submounts(&mounts, Path::new("/v"));
        let expected = [("/v/a", "proc"), ("/v/b", "bpf")];
        assert_eq!(found, expected.map(|(path, file_system)| Seen { path: path.into(), file_system }));
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape("/a\\040b\\134c"), "/a b\\c");
        assert_eq!(unescape("/a\\"), "/a\\");
    }
}
