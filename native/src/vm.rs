//! The machine the TypeScript runs in: which module, with which limits, and how it is called.

use std::time::{Duration, Instant};

use rquickjs::context::intrinsic;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Module, Object, Runtime, Value};

use crate::host;

static RUNTIME: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/runtime.qjs"));
static JUDGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/judge.qjs"));
static POLICY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/policy.qjs"));
static CLI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/cli.qjs"));

/// What the decision code may use of the language: no Date, Eval, Performance or Proxy.
type DecisionIntrinsics = (intrinsic::Json, intrinsic::MapSet, intrinsic::RegExp, intrinsic::Promise);

/// What the program was called as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `lintel`: the operator's command line.
    CommandLine,
    /// Any other name: a container runtime.
    ContainerRuntime,
}

impl Role {
    /// The role by the last component of `argv[0]`.
    pub fn of_program(arguments: &[std::ffi::OsString]) -> Role {
        let name = arguments.first().map(|first| std::path::Path::new(first).file_name());
        match name {
            Some(Some(name)) if name == "lintel" => Role::CommandLine,
            _ => Role::ContainerRuntime,
        }
    }
}

struct Limits {
    memory: usize,
    stack: usize,
    time: Duration,
}

const fn limits(role: Role) -> Limits {
    match role {
        // 4 MiB is the largest config; parsed it takes some ten times that.
        Role::ContainerRuntime => {
            Limits { memory: 96 << 20, stack: 1 << 20, time: Duration::from_millis(1000) }
        }
        Role::CommandLine => Limits { memory: 1 << 30, stack: 4 << 20, time: Duration::from_secs(3600) },
    }
}

/// Runs the role's module and returns its exit status; `Err` is the text of a bug (exception, limit).
pub fn run(role: Role) -> Result<i32, String> {
    let bounds = limits(role);
    let runtime = Runtime::new().map_err(|error| format!("no machine: {error}"))?;
    runtime.set_memory_limit(bounds.memory);
    runtime.set_max_stack_size(bounds.stack);
    let deadline = Instant::now() + bounds.time;
    runtime.set_interrupt_handler(Some(Box::new(move || Instant::now() > deadline)));
    match role {
        Role::ContainerRuntime => {
            // A call that lives for a millisecond needs no collector, and none of its pauses.
            runtime.set_gc_threshold(usize::MAX);
            let context =
                Context::custom::<DecisionIntrinsics>(&runtime).map_err(|error| error.to_string())?;
            leave(&context, |ctx| call_main(ctx, "runtime"))
        }
        Role::CommandLine => {
            let context = Context::full(&runtime).map_err(|error| error.to_string())?;
            leave(&context, |ctx| call_main(ctx, "cli"))
        }
    }
}

/// Runs the call and leaves the machine as it is: the process ends next, and taking it apart costs time.
fn leave(context: &Context, call: impl FnOnce(&Ctx<'_>) -> Result<i32, String>) -> Result<i32, String> {
    std::mem::forget(context.clone());
    context.with(|ctx| call(&ctx))
}

fn call_main(ctx: &Ctx<'_>, name: &str) -> Result<i32, String> {
    let inner = || {
        let host = host::bind(ctx)?;
        let main: Function = load(ctx, name)?.get("main")?;
        main.call::<_, i32>((host,))
    };
    inner().catch(ctx).map_err(|caught| describe(&caught))
}

/// Loads an embedded module and returns its namespace.
pub fn load<'js>(ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<Object<'js>> {
    let bytes = match name {
        "runtime" => RUNTIME,
        "judge" => JUDGE,
        "policy" => POLICY,
        _ => CLI,
    };
    // SAFETY: the bytes were written by this very engine at build time and are part of the executable;
    // bytecode is never read from anywhere else.
    let module = unsafe { Module::load(ctx.clone(), bytes) }?;
    let (module, promise) = module.eval()?;
    promise.finish::<Value>()?;
    module.namespace()
}

fn describe(caught: &CaughtError<'_>) -> String {
    match caught {
        CaughtError::Exception(exception) => {
            let message = exception.message().filter(|message| !message.is_empty());
            let message = message.unwrap_or_else(|| "exception without a message".to_owned());
            format!("{message}\n{}", exception.stack().unwrap_or_default())
        }
        // Where not even the error could be made, nothing is thrown.
        CaughtError::Value(value) if !value.is_object() => "out of memory".to_owned(),
        other => other.to_string(),
    }
}
