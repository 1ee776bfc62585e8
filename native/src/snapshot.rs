//! Makes the snapshot: a machine with the hot path's modules loaded, as the bytes of the heap's section.
//!
//! scripts/build.ts runs this in the executable it has just linked and writes what comes out into it. Nothing of the
//! process that makes it may stay: what is known to depend on it is taken out here, and that nothing else does is
//! checked by the build, which makes two and compares.

use std::ffi::OsString;
use std::fs;
use std::hash::RandomState;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use rquickjs::qjs;

use crate::heap;
use crate::host::{clock, process};
use crate::vm::{self, Role};

/// The file a snapshot is asked for in: `lintel --write-snapshot FILE`, in an executable that has none yet.
pub fn asked_for(arguments: &[OsString]) -> Option<&Path> {
    match arguments {
        [_, flag, file] if flag == "--write-snapshot" && heap::root().is_none() => Some(Path::new(file)),
        _ => None,
    }
}

/// Writes the section's bytes to a file; exit status.
pub fn write(path: &Path) -> i32 {
    match make()
        .and_then(|bytes| fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display())))
    {
        Ok(()) => 0,
        Err(problem) => {
            process::write_descriptor(2, &format!("lintel: no snapshot: {problem}\n"));
            1
        }
    }
}

fn make() -> Result<&'static [u8], String> {
    let (stack, c_heap) = (own_memory("[stack]")?, own_memory("[heap]")?);
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
    let machine = Box::new(vm::load_machine(&runtime, Role::ContainerRuntime, true)?);
    // Of Math.random.
    let seed = |time: Duration| time.as_micros() as usize;
    let seeds = seed(before)..=seed(clock::now());
    replace(|words| words.iter().all(|word| seeds.contains(word)), &[1])?;
    machine.settle();
    // The top of the stack, and what lay on it where Rust keeps an empty Option.
    forget(&stack, heap::words());
    // SAFETY: the runtime lives.
    forget(&c_heap, heap::words_of(unsafe { qjs::JS_GetRuntimeOpaque(machine.raw_runtime()) }));
    std::mem::forget(runtime);
    Ok(heap::seal(Box::into_raw(machine).cast::<()>()))
}

/// Where this process has its stack or its C heap (proc_pid_maps(5)).
fn own_memory(name: &str) -> Result<Range<usize>, String> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let range = maps.lines().find(|line| line.ends_with(name)).and_then(|line| {
        let (from, rest) = line.split_once('-')?;
        let (to, _) = rest.split_once(' ')?;
        Some(usize::from_str_radix(from, 16).ok()?..usize::from_str_radix(to, 16).ok()?)
    });
    range.ok_or_else(|| format!("no {name} in /proc/self/maps"))
}

/// Clears addresses of a range: they mean nothing to any other process.
fn forget(range: &Range<usize>, words: &mut [usize]) {
    words.iter_mut().filter(|word| range.contains(word)).for_each(|word| *word = 0);
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
