//! lintel: a QuickJS machine with the policy code inside, and the door through which it touches the system.
//! Called as `lintel` it is the command line, under any other name it is the container runtime.

#![cfg_attr(not(test), no_main)]

mod bytecode;
mod door;
mod failsafe;
mod heap;
mod host;
mod json;
mod packed;
mod snapshot;
mod vm;

use std::ffi::{c_char, c_int};
use std::panic::catch_unwind;

use host::process::arguments;

/// Entry without Rust's runtime: that would ignore SIGPIPE and open missing descriptors, and the real runtime
/// has to inherit both exactly as the engine set them.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[cfg_attr(test, allow(dead_code))]
pub extern "C" fn main(_count: c_int, values: *const *const c_char) -> c_int {
    host::process::keep_arguments(values);
    host::descriptors::reserve_standard_descriptors();
    let arguments = arguments();
    let role = vm::Role::of_program(&arguments);
    if role == vm::Role::ContainerRuntime {
        door::hand_on(&arguments);
    } else if let Some(asked) = snapshot::asked_for(&arguments) {
        return snapshot::write(&asked);
    }
    match catch_unwind(|| vm::run(role)) {
        Ok(Ok(status)) => status,
        Ok(Err(bug)) => failsafe::fall(role, &bug),
        Err(_) => failsafe::fall(role, "the native host panicked"),
    }
}
