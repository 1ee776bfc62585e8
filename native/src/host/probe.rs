//! Facts of many host paths in one call: what each resolves to, its inode, its parents, where else it is seen.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rquickjs::{Array, Ctx, Object};

use super::file_system;
use super::mountinfo::{self, Mount, Seen};
use super::reply::errno_name;
use super::resolve::Folders;
use super::stat::{identity, kind};

/// `probe(probes)` of src/host/host.ts: an array of `PathFact`, in the order asked.
pub fn run<'js>(ctx: Ctx<'js>, probes: Vec<Object<'js>>) -> rquickjs::Result<Array<'js>> {
    let mut prober =
        Prober { ctx: ctx.clone(), ids: HashMap::new(), folders: Folders::default(), mounts: None };
    let facts = Array::new(ctx)?;
    for (index, probe) in probes.iter().enumerate() {
        let path: String = probe.get("path")?;
        let with_mounts = probe.get::<_, Option<bool>>("mounts")?.unwrap_or(false);
        facts.set(index, prober.fact(&path, with_mounts)?)?;
    }
    Ok(facts)
}

struct Prober<'js> {
    ctx: Ctx<'js>,
    /// Ids of folders already looked at: parents repeat.
    ids: HashMap<PathBuf, String>,
    folders: Folders,
    mounts: Option<Vec<Mount>>,
}

impl<'js> Prober<'js> {
    fn fact(&mut self, path: &str, with_mounts: bool) -> rquickjs::Result<Object<'js>> {
        let fact = Object::new(self.ctx.clone())?;
        fact.set("path", path)?;
        // Namespace files resolve to names like `net:[4026531833]`, which only stat can follow.
        let metadata = fs::metadata(path);
        let real = match (&metadata, self.folders.resolve(Path::new(path))) {
            (_, Some(real)) => real,
            (Ok(_), None) => PathBuf::from(path),
            (Err(_), None) => self.folders.nearest(Path::new(path)),
        };
        match &metadata {
            Ok(found) => {
                fact.set("error", rquickjs::Value::new_null(self.ctx.clone()))?;
                fact.set("id", identity(found))?;
                fact.set("kind", kind(found))?;
                fact.set("device", found.dev().to_string())?;
                fact.set("represents", found.rdev().to_string())?;
                // The kernel's own have no block device; any that has one need not be asked.
                let virtual_device = libc::major(found.dev()) == 0;
                fact.set("fileSystem", if virtual_device { file_system::of_path(path) } else { "" })?;
            }
            Err(error) => {
                fact.set("error", errno_name(error.raw_os_error().unwrap_or(0)))?;
                fact.set("id", "")?;
                fact.set("kind", rquickjs::Value::new_null(self.ctx.clone()))?;
                fact.set("device", "")?;
                fact.set("represents", "0")?;
                fact.set("fileSystem", "")?;
            }
        }
        fact.set("ancestors", self.ancestors(&real))?;
        let (aliases, submounts) = if with_mounts { self.elsewhere(&real) } else { (Vec::new(), Vec::new()) };
        fact.set("aliases", self.views(aliases)?)?;
        fact.set("submounts", self.views(submounts)?)?;
        fact.set("real", real.to_string_lossy().into_owned())?;
        Ok(fact)
    }

    fn elsewhere(&mut self, real: &Path) -> (Vec<Seen>, Vec<Seen>) {
        let mounts = self.mounts.get_or_insert_with(mountinfo::read);
        (mountinfo::aliases(mounts, real), mountinfo::submounts(mounts, real))
    }

    fn views(&mut self, seen: Vec<Seen>) -> rquickjs::Result<Array<'js>> {
        let views = Array::new(self.ctx.clone())?;
        for (index, Seen { path, file_system }) in seen.into_iter().enumerate() {
            let view = Object::new(self.ctx.clone())?;
            view.set("id", self.id(&path))?;
            view.set("ancestors", self.ancestors(&path))?;
            view.set("fileSystem", file_system)?;
            view.set("path", path.to_string_lossy().into_owned())?;
            views.set(index, view)?;
        }
        Ok(views)
    }

    fn ancestors(&mut self, path: &Path) -> Vec<String> {
        path.ancestors().skip(1).map(|parent| self.id(parent)).filter(|id| !id.is_empty()).collect()
    }

    fn id(&mut self, path: &Path) -> String {
        if let Some(known) = self.ids.get(path) {
            return known.clone();
        }
        let id = fs::metadata(path).map(|metadata| identity(&metadata)).unwrap_or_default();
        self.ids.insert(path.to_owned(), id.clone());
        id
    }
}
