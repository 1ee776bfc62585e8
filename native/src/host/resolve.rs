//! realpath(3) of many paths, the way to each folder gone once.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// What folders resolve to; `None`: to nothing.
#[derive(Default)]
pub struct Folders(HashMap<PathBuf, Option<PathBuf>>);

impl Folders {
    /// The path without links and dots; `None` where it leads nowhere.
    pub fn resolve(&mut self, path: &Path) -> Option<PathBuf> {
        let plain = path.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
        // A slash or a dot at the end asks for a folder.
        let whole = path.as_os_str().as_encoded_bytes();
        let named = path.file_name().is_some_and(|name| whole.ends_with(name.as_encoded_bytes()));
        match path.parent() {
            Some(folder) if path.is_absolute() && plain && named => self.below(folder, path),
            _ => fs::canonicalize(path).ok(),
        }
    }

    fn below(&mut self, folder: &Path, path: &Path) -> Option<PathBuf> {
        let known = self.0.get(folder).cloned();
        let real = known.unwrap_or_else(|| {
            let resolved =
                if folder == Path::new("/") { Some(folder.to_owned()) } else { self.resolve(folder) };
            self.0.insert(folder.to_owned(), resolved.clone());
            resolved
        })?;
        let whole = real.join(path.file_name()?);
        match fs::read_link(&whole) {
            Ok(_) => fs::canonicalize(whole).ok(),
            // What is there is no link.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Some(whole),
            Err(_) => None,
        }
    }

    /// Where a path that does not exist would be: its existing part resolved, the rest as written.
    pub fn nearest(&mut self, path: &Path) -> PathBuf {
        let mut rest = Vec::new();
        for parent in path.ancestors() {
            if let Some(real) = self.resolve(parent) {
                return rest.iter().rev().fold(real, |whole: PathBuf, name: &PathBuf| whole.join(name));
            }
            rest.push(parent.file_name().map(PathBuf::from).unwrap_or_default());
        }
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn resolves_as_realpath_does() {
        let top = std::env::temp_dir().join(format!("lintel-resolve-{}", std::process::id()));
        fs::create_dir_all(top.join("folder/inner")).unwrap();
        fs::write(top.join("folder/file"), "").unwrap();
        for (link, target) in [
            ("to-folder", "folder"),
            ("to-file", "folder/file"),
            ("dangling", "nowhere"),
            ("circle", "circle"),
        ] {
            std::os::unix::fs::symlink(target, top.join(link)).unwrap();
        }
        let mut folders = Folders::default();
        for name in [
            "",
            ".",
            "folder",
            "folder/",
            "folder/.",
            "folder/inner",
            "folder/inner/..",
            "folder/file",
            "folder/file/",
            "folder/file/x",
            "to-folder",
            "to-folder/inner",
            "to-folder/file",
            "to-folder/../folder",
            "to-file",
            "to-file/",
            "to-file/x",
            "dangling",
            "dangling/x",
            "circle",
            "circle/x",
            "absent",
            "absent/x",
            "folder//file",
        ] {
            for path in [PathBuf::from(format!("{}/{name}", top.display())), PathBuf::from(name)] {
                let expected = fs::canonicalize(&path).ok();
                assert_eq!(folders.resolve(&path), expected, "{}", path.display());
                assert_eq!(folders.resolve(&path), expected, "a second time: {}", path.display());
            }
        }
        assert_eq!(folders.resolve(Path::new("/")), Some(PathBuf::from("/")));
        fs::remove_dir_all(top).unwrap();
    }
}
