//! The kernel's own file systems by the name of their type, which every instance of them shares.

use std::ffi::CString;
use std::mem::MaybeUninit;

/// Names as mountinfo has them, with what statfs(2) calls them (include/uapi/linux/magic.h).
const TYPES: [(&str, u32); 14] = [
    ("proc", 0x9fa0),
    ("sysfs", 0x6265_6572),
    ("cgroup", 0x0027_e0eb),
    ("cgroup2", 0x6367_7270),
    ("binfmt_misc", 0x4249_4e4d),
    ("bpf", 0xcafe_4a11),
    // fs/configfs/mount.c and fs/fuse/control.c keep theirs to themselves.
    ("configfs", 0x6265_6570),
    ("debugfs", 0x6462_6720),
    ("efivarfs", 0xde5e_81e4),
    ("fusectl", 0x6573_5543),
    ("pstore", 0x6165_676c),
    ("securityfs", 0x7363_6673),
    ("selinuxfs", 0xf97c_ff8c),
    ("tracefs", 0x7472_6163),
];

/// The type a path is on, links followed; empty for any that is not the kernel's own, and where nobody can tell.
pub fn of_path(path: &str) -> &'static str {
    let Ok(path) = CString::new(path) else { return "" };
    let mut answer = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: a string that ends with NUL and room for the answer, both alive for the call.
    if unsafe { libc::statfs(path.as_ptr(), answer.as_mut_ptr()) } != 0 {
        return "";
    }
    // SAFETY: the kernel filled it in.
    let kind = unsafe { answer.assume_init() }.f_type;
    // C libraries disagree about the number's sign.
    let Ok(kind) = u32::try_from(kind) else { return "" };
    TYPES.iter().find(|(_, magic)| *magic == kind).map_or("", |(name, _)| name)
}

/// The type of this name, empty for any that is not the kernel's own.
pub fn of_name(name: &str) -> &'static str {
    TYPES.iter().find(|(known, _)| *known == name).map_or("", |(known, _)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every mount of the kernel's that lies on top here: mountinfo and statfs must agree.
    #[test]
    fn mounts_are_of_the_type_mountinfo_names() {
        let text = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let mut compared = 0;
        for line in text.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            let name =
                fields.iter().skip_while(|field| **field != "-").nth(1).map_or("", |name| of_name(name));
            let point = fields[4];
            let covered = text.lines().filter(|other| other.split(' ').nth(4) == Some(point)).count() > 1;
            if name.is_empty() || covered {
                continue;
            }
            assert_eq!(of_path(point), name, "{point}");
            compared += 1;
        }
        assert!(compared > 0);
    }

    #[test]
    fn other_file_systems_have_no_name() {
        assert_eq!(of_path("/"), "");
        assert_eq!(of_path("/proc/self/ns/net"), "");
        assert_eq!(of_path("/not there"), "");
        assert_eq!(of_name("fuse.lxcfs"), "");
    }

    #[test]
    fn files_and_folders_below_are_of_the_same_type() {
        assert_eq!(of_path("/proc/sys/kernel/core_pattern"), "proc");
        assert_eq!(of_path("/proc/sys"), "proc");
    }
}
