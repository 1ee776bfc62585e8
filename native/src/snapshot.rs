//! Makes the snapshot: a machine with the hot path's modules loaded, as the bytes of the heap's section.
//!
//! scripts/build.ts runs this in the executable it has just linked and writes what comes out into it. Nothing of the
//! process that makes it may stay: what is known to depend on it is taken out here, and that nothing else does is
//! checked by the build, which makes two and compares.

use std::ffi::OsString;
use std::fs;
use std::hash::RandomState;
use std::path::Path;
use std::ptr;
use std::time::Duration;

use crate::host::{clock, descriptors};
use crate::vm::{self, HotModules, Role};
use crate::{bytecode, heap};

/// What a snapshot is made of, and where to.
pub struct Asked<'a> {
    file: &'a Path,
    /// Folder of the bundles runtime.js and judge.js.
    bundles: &'a Path,
}

/// `lintel --write-snapshot FILE BUNDLES`, in an executable that has none yet.
pub fn asked_for(arguments: &[OsString]) -> Option<Asked<'_>> {
    match arguments {
        [_, flag, file, bundles] if flag == "--write-snapshot" && heap::root().is_none() => {
            Some(Asked { file: Path::new(file), bundles: Path::new(bundles) })
        }
        _ => None,
    }
}

/// Writes the section's bytes to the file; exit status.
pub fn write(asked: &Asked<'_>) -> i32 {
    let made = hot_modules(asked.bundles).and_then(|hot| make_apart(&hot));
    match made.and_then(|bytes| fs::write(asked.file, bytes).map_err(|error| in_file(asked.file, &error))) {
        Ok(()) => 0,
        Err(problem) => {
            descriptors::write_descriptor(2, &format!("lintel: no snapshot: {problem}\n"));
            1
        }
    }
}

fn in_file(file: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", file.display())
}

fn hot_modules(bundles: &Path) -> Result<HotModules, String> {
    let compiled = |name: &str| {
        let file = bundles.join(format!("{name}.js"));
        let source = fs::read_to_string(&file).map_err(|error| in_file(&file, &error))?;
        bytecode::compile(name, &source)
    };
    Ok(HotModules { runtime: compiled("runtime")?, judge: compiled("judge")? })
}

/// Where the stack of the thread that makes the machine lies: far from all else, and the same in every process, for
/// what is left over on a stack gets into the gaps of what is copied from it.
const STACK: usize = 0x10_0000_0000;
const STACK_SIZE: usize = 4 << 20;

type Made = Result<&'static [u8], String>;

/// What the thread is given, and what it leaves.
struct Task<'a> {
    hot: &'a HotModules,
    made: Made,
}

/// Makes the machine on a stack of its own (pthread_attr_setstack(3)), where the C library also puts the thread's data.
fn make_apart(hot: &HotModules) -> Made {
    extern "C" fn run(task: *mut libc::c_void) -> *mut libc::c_void {
        // SAFETY: `make_apart` passes a task that is its own, and waits.
        let task = unsafe { &mut *task.cast::<Task<'_>>() };
        task.made = make(task.hot);
        ptr::null_mut()
    }
    let mut task = Task { hot, made: Err("no thread".to_owned()) };
    // SAFETY: calls as the manual pages say; the mapping is new, and joining ends every use of `task`.
    unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let asked = ptr::without_provenance_mut(STACK);
        let stack = libc::mmap(asked, STACK_SIZE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        if stack != asked {
            return Err(format!("no stack at {STACK:#x}"));
        }
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        let mut thread: libc::pthread_t = std::mem::zeroed();
        libc::pthread_attr_init(&mut attributes);
        libc::pthread_attr_setstack(&mut attributes, stack, STACK_SIZE);
        if libc::pthread_create(&mut thread, &attributes, run, (&raw mut task).cast()) == 0 {
            libc::pthread_join(thread, ptr::null_mut());
        }
    }
    task.made
}

fn make(hot: &HotModules) -> Made {
    // RandomState counts its first key up by one each time.
    let [first, second] = hash_keys();
    if !heap::open() {
        return Err("there is one already".to_owned());
    }
    let runtime = vm::new_runtime(Role::ContainerRuntime)?;
    // Of rquickjs's table of classes, empty so far.
    let keys = [first.wrapping_add(1) as usize, second as usize];
    replace(|words| words == keys, &[1, 1])?;
    let before = clock::now();
    let machine = Box::new(vm::load_machine(&runtime, Role::ContainerRuntime, Some(hot))?);
    // Of Math.random.
    let seed = |time: Duration| time.as_micros() as usize;
    let seeds = seed(before)..=seed(clock::now());
    replace(|words| words.iter().all(|word| seeds.contains(word)), &[1])?;
    machine.settle();
    std::mem::forget(runtime);
    Ok(heap::seal(Box::into_raw(machine).cast::<()>()))
}

fn hash_keys() -> [u64; 2] {
    // SAFETY: RandomState is its two keys; were it not, they would be found nowhere, and `replace` would say so.
    unsafe { std::mem::transmute::<RandomState, [u64; 2]>(RandomState::new()) }
}

/// Replaces the one place in the heap where such words stand; it is an error if there are more or none.
fn replace(is_it: impl Fn(&[usize]) -> bool, with: &[usize]) -> Result<(), String> {
    let words = heap::words();
    let mut places = (0..words.len()).filter(|at| words.get(*at..at + with.len()).is_some_and(&is_it));
    match (places.next(), places.next()) {
        (Some(at), None) => {
            words.iter_mut().skip(at).zip(with).for_each(|(word, new)| *word = *new);
            Ok(())
        }
        _ => Err("what depends on the process is not found in one place".to_owned()),
    }
}
