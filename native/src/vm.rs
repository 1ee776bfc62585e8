//! The machine the TypeScript runs in: which module, with which limits, and how it is called.

use std::time::Duration;

use rquickjs::context::intrinsic;
use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Exception, Function, Module, Object, Persistent, Runtime,
    Value, qjs,
};

use crate::{heap, host, packed};

// `EMBEDDED`: name and packed bytecode of the modules in the executable, as build.rs was told to embed them.
include!(concat!(env!("OUT_DIR"), "/modules.rs"));

/// Bytecode of the modules that a snapshot is made of.
pub struct HotModules {
    pub runtime: Vec<u8>,
    pub judge: Vec<u8>,
}

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
    /// None: until whoever called ends it.
    time: Option<Duration>,
}

const fn limits(role: Role) -> Limits {
    match role {
        // 4 MiB is the largest config; parsed it takes some ten times that.
        Role::ContainerRuntime => {
            Limits { memory: 96 << 20, stack: 1 << 20, time: Some(Duration::from_millis(1000)) }
        }
        Role::CommandLine => Limits { memory: 1 << 30, stack: 4 << 20, time: None },
    }
}

/// A machine with the module that begins a call, ready to be entered.
pub struct Machine {
    context: Context,
    host: Persistent<Object<'static>>,
    main: Persistent<Function<'static>>,
    /// The judge's `main`, in a snapshot.
    judge: Option<Persistent<Function<'static>>>,
}

/// Runs the role's module and returns its exit status; `Err` is the text of a bug (exception, limit).
pub fn run(role: Role) -> Result<i32, String> {
    match (role, restored()) {
        (Role::ContainerRuntime, Some(machine)) => {
            heap::warm();
            enter(machine, role)
        }
        _ => {
            let machine = load_machine(&new_runtime(role)?, role, None)?;
            let status = enter(&machine, role);
            // The process ends next, and taking the machine apart costs time.
            std::mem::forget(machine);
            status
        }
    }
}

fn restored() -> Option<&'static Machine> {
    // SAFETY: only snapshot.rs seals the heap, with a machine made by this very executable.
    heap::root().map(|root| unsafe { root.cast::<Machine>().as_ref() })
}

/// A QuickJS runtime on memory of its own.
pub fn new_runtime(role: Role) -> Result<Runtime, String> {
    let runtime =
        Runtime::new_with_alloc(heap::Pool::new()).map_err(|error| format!("no machine: {error}"))?;
    runtime.set_gc_threshold(match role {
        // A call that lives for a millisecond needs no collector, and none of its pauses.
        Role::ContainerRuntime => usize::MAX,
        // Nearly all garbage is gone with its last reference; a collection goes through the machine as a whole.
        Role::CommandLine => 64 << 20,
    });
    Ok(runtime)
}

/// Makes the machine in it: of the modules given, or of the embedded one that the role begins with. Nothing in the
/// machine depends on the process that makes it.
pub fn load_machine(runtime: &Runtime, role: Role, hot: Option<&HotModules>) -> Result<Machine, String> {
    let context = match role {
        Role::ContainerRuntime => Context::custom::<DecisionIntrinsics>(runtime),
        Role::CommandLine => Context::full(runtime),
    }
    .map_err(|error| error.to_string())?;
    let loaded = context.with(|ctx| {
        let inner = || {
            let host = host::bind(&ctx)?;
            if role == Role::CommandLine {
                host::bind_administration(&host)?;
            }
            let host = Persistent::save(&ctx, host);
            let main = match (role, hot) {
                (Role::CommandLine, _) => load(&ctx, &embedded(&ctx, "cli")?)?,
                (Role::ContainerRuntime, None) => load(&ctx, &embedded(&ctx, "runtime")?)?,
                (Role::ContainerRuntime, Some(hot)) => load(&ctx, &hot.runtime)?,
            };
            let judge = hot.map(|hot| load(&ctx, &hot.judge)).transpose()?;
            Ok((host, Persistent::save(&ctx, main), judge.map(|judge| Persistent::save(&ctx, judge))))
        };
        inner().catch(&ctx).map_err(|caught| describe(&caught))
    });
    let (host, main, judge) = loaded?;
    Ok(Machine { context, host, main, judge })
}

impl Machine {
    /// Drops what nobody refers to, and the limit that is counted from this process's stack.
    pub fn settle(&self) {
        self.context.runtime().run_gc();
        self.context.runtime().set_max_stack_size(0);
    }
}

/// As much counts between two looks at the clock, which a script comes to every millisecond or so: what is beyond is the
/// host's standing still (a paused virtual machine counts it to whoever was running), and no endless loop.
const LONGEST_STRETCH: Duration = Duration::from_millis(100);

fn enter(machine: &Machine, role: Role) -> Result<i32, String> {
    let bounds = limits(role);
    let runtime = machine.context.runtime();
    // SAFETY: the runtime is this machine's and nothing runs in it.
    unsafe { qjs::JS_UpdateStackTop(machine.context.get_runtime_ptr()) };
    runtime.set_memory_limit(bounds.memory);
    runtime.set_max_stack_size(bounds.stack);
    if let Some(time) = bounds.time {
        // Not wall time: on a host that starts many containers at once each waits for the others.
        let (mut left, mut looked) = (time, host::clock::consumed());
        runtime.set_interrupt_handler(Some(Box::new(move || {
            let now = host::clock::consumed();
            left = left.saturating_sub(now.saturating_sub(looked).min(LONGEST_STRETCH));
            looked = now;
            left.is_zero()
        })));
    }
    machine.context.with(|ctx| {
        let inner = || {
            let host = machine.host.clone().restore(&ctx)?;
            host.set("process", host::process::facts(&ctx)?)?;
            machine.main.clone().restore(&ctx)?.call::<_, i32>((host,))
        };
        inner().catch(&ctx).map_err(|caught| describe(&caught))
    })
}

/// The `main` of an embedded module that another calls.
pub fn main_of<'js>(ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<Function<'js>> {
    match restored().and_then(|machine| machine.judge.clone()).filter(|_| name == "judge") {
        Some(judge) => judge.restore(ctx),
        None => load(ctx, &embedded(ctx, name)?),
    }
}

/// Bytecode of an embedded module; throws where it is not in this executable, or there is no memory for it.
fn embedded(ctx: &Ctx<'_>, name: &str) -> rquickjs::Result<Vec<u8>> {
    let found = EMBEDDED.iter().find(|(known, _, _)| *known == name);
    let problem = match found.map(|(_, length, packed)| packed::unpack(packed, *length)) {
        Some(Some(bytes)) => return Ok(bytes),
        Some(None) => format!("no memory to unpack the module {name}"),
        None => format!("this executable lacks its module {name}"),
    };
    Err(Exception::throw_message(ctx, &problem))
}

/// Loads a module and returns its `main`.
fn load<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> rquickjs::Result<Function<'js>> {
    // SAFETY: this very engine wrote the bytes: at build time, into the executable, or just now, for a snapshot.
    // Bytecode is never read from anywhere else.
    let module = unsafe { Module::load(ctx.clone(), bytes) }?;
    let (module, promise) = module.eval()?;
    promise.finish::<Value>()?;
    module.namespace()?.get("main")
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
