//! Everything the script may do to the system, as functions of one `host` object that never throw.
//! The TypeScript side of each is declared, with its contract, in src/host/host.ts.

pub mod break_glass;
mod chain;
mod chain_lines;
mod chain_place;
pub mod clock;
mod daemon;
pub mod descriptors;
mod durable;
mod file_system;
pub mod files;
mod gzip;
pub mod kept;
mod levels;
mod line_batch;
mod lines;
mod log_file;
mod mountinfo;
mod once;
mod place;
mod probe;
pub mod process;
pub mod program;
mod received;
mod received_line;
mod reply;
mod resolve;
mod run_folder;
mod selinux;
mod signature;
mod signing_key;
mod socket;
mod spawn;
mod stat;
mod tar_member;
mod text;

use rquickjs::prelude::Func;
use rquickjs::{Ctx, Object};

/// The `host` object passed to the module's `main`.
pub fn bind<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    // Told at each start.
    host.set("process", rquickjs::Null)?;
    bind_files(&host)?;
    bind_processes(&host)?;
    text::bind(&host)?;
    host.set("verifySignature", Func::from(signature::verify))?;
    host.set("clock", Func::from(clock::read))?;
    Ok(host)
}

fn bind_files(host: &Object<'_>) -> rquickjs::Result<()> {
    use reply::{Outcome, done};
    host.set(
        "readText",
        Func::from(|path: String, limit: f64, follow: bool| Outcome(files::read_text(&path, limit, follow))),
    )?;
    host.set(
        "readTarMember",
        Func::from(|path: String, member: String, limit: f64| {
            Outcome(tar_member::read(&path, &member, limit))
        }),
    )?;
    host.set("readDescriptor", Func::from(|fd: i32, limit: f64| Outcome(files::read_descriptor(fd, limit))))?;
    host.set("listDirectory", Func::from(|path: String| Outcome(files::list_directory(&path))))?;
    host.set("stat", Func::from(|path: String, follow: bool| Outcome(stat::of_path(&path, follow))))?;
    host.set("stamps", Func::from(stat::stamps))?;
    host.set("readLink", Func::from(|path: String| Outcome(stat::read_link(&path))))?;
    host.set("realPath", Func::from(|path: String| Outcome(stat::real_path(&path))))?;
    host.set("probe", Func::from(probe::run))?;
    host.set("fileLabel", Func::from(|path: String| Outcome(selinux::file_label(&path))))?;
    host.set("canonicalLabel", Func::from(|label: String| Outcome(selinux::canonical_label(&label))))?;
    host.set(
        "claimLevel",
        Func::from(|claim: levels::Claim, when: String| Outcome(levels::claim(claim, &when))),
    )?;
    host.set(
        "admitOnce",
        Func::from(|admission: once::Admission, notes: bool| Outcome(once::admit(&admission, notes))),
    )?;
    host.set("randomNumbers", Func::from(|count: usize| Outcome(levels::random_numbers(count))))?;
    host.set(
        "replaceFile",
        Func::from(|path: String, text: String| done(files::replace_file(&path, &text))),
    )?;
    host.set(
        "writeFile",
        Func::from(|path: String, text: String, mode: u32| done(files::write_file(&path, &text, mode))),
    )?;
    host.set(
        "appendChained",
        Func::from(|path: String, text: String, mode: u32| Outcome(chain::append(&path, &text, mode))),
    )?;
    host.set(
        "append",
        Func::from(|path: String, text: String, mode: u32| done(files::append(&path, &text, mode))),
    )?;
    host.set("makeDirectory", Func::from(|path: String, mode: u32| done(files::make_directory(&path, mode))))
}

/// What only the command line may do: change an engine's files and speak to its daemon.
pub fn bind_administration(host: &Object<'_>) -> rquickjs::Result<()> {
    use reply::{Outcome, done};
    host.set(
        "createFile",
        Func::from(|path: String, text: String, mode: u32, like: Option<String>| {
            done(durable::create_file(&path, &text, mode, like))
        }),
    )?;
    host.set("link", Func::from(|from: String, to: String| done(durable::link(&from, &to))))?;
    host.set("rename", Func::from(|from: String, to: String| done(durable::rename(&from, &to))))?;
    host.set("remove", Func::from(|path: String| done(durable::remove(&path))))?;
    host.set("lock", Func::from(|path: String| done(durable::lock(&path))))?;
    host.set("copyFile", Func::from(|from: String, to: String| done(place::copy_file(&from, &to))))?;
    host.set(
        "symbolicLink",
        Func::from(|target: String, path: String| done(place::symbolic_link(&target, &path))),
    )?;
    host.set("areEqual", Func::from(|one: String, other: String| Outcome(place::are_equal(&one, &other))))?;
    host.set("isLintel", Func::from(|path: String| program::is_self(&path)))?;
    host.set("signal", Func::from(|process: i32, signal: i32| done(daemon::signal(process, signal))))?;
    host.set(
        "exchange",
        Func::from(|path: String, text: String, limit: f64, milliseconds: f64| {
            Outcome(daemon::exchange(&path, &text, limit, milliseconds))
        }),
    )?;
    host.set("sleep", Func::from(daemon::sleep))?;
    bind_logs(host)
}

/// How the command line reads decision logs.
fn bind_logs(host: &Object<'_>) -> rquickjs::Result<()> {
    use line_batch::Wanted;
    use reply::Outcome;
    host.set("openLines", Func::from(|path: String| Outcome(lines::open(&path))))?;
    host.set("closeLines", Func::from(lines::close))?;
    host.set(
        "linesAfter",
        Func::from(|handle: usize, from: f64, wanted: Object<'_>| {
            Ok::<_, rquickjs::Error>(Outcome(lines::after(handle, from, &Wanted::read(&wanted)?)))
        }),
    )?;
    host.set(
        "linesBefore",
        Func::from(|handle: usize, end: f64, wanted: Object<'_>| {
            Ok::<_, rquickjs::Error>(Outcome(lines::before(handle, end, &Wanted::read(&wanted)?)))
        }),
    )?;
    host.set("openChain", Func::from(|path: String| Outcome(chain_lines::open(&path))))?;
    host.set("nextLinks", Func::from(|handle: usize| Outcome(chain_lines::next(handle))))?;
    host.set(
        "signWithKey",
        Func::from(|path: String, text: String| Outcome(signing_key::sign(&path, &text))),
    )?;
    host.set("publicKey", Func::from(|pem: String| Outcome(signing_key::public_key(&pem))))?;
    host.set("isAbandoned", Func::from(descriptors::is_abandoned))?;
    host.set("nextInputLine", Func::from(|| Outcome(received::next_input_line())))?;
    host.set(
        "appendOnce",
        Func::from(|path: String, line: String| Outcome(received::append_once(&path, &line))),
    )
}

fn bind_processes(host: &Object<'_>) -> rquickjs::Result<()> {
    use reply::{Outcome, done};
    host.set("environment", Func::from(process::environment))?;
    host.set("currentDirectory", Func::from(|| Outcome(process::current_directory())))?;
    host.set("write", Func::from(|fd: i32, text: String| descriptors::write_descriptor(fd, &text)))?;
    host.set("replaceStdin", Func::from(|text: String| done(descriptors::replace_stdin(&text))))?;
    host.set("isTerminal", Func::from(descriptors::is_terminal))?;
    host.set("terminalColumns", Func::from(descriptors::terminal_columns))?;
    host.set(
        "execve",
        Func::from(|path: String, arguments: Vec<String>| done(program::execute(&path, &arguments))),
    )?;
    host.set("spawn", Func::from(spawn::run))?;
    host.set(
        "sendDatagram",
        Func::from(|path: String, text: String| done(socket::send_datagram(&path, &text))),
    )?;
    host.set("setFailsafe", Func::from(process::set_failsafe))?;
    host.set("readKept", Func::from(kept::read_for_script))?;
    host.set("keep", Func::from(kept::keep))?;
    host.set("readBreakGlass", Func::from(break_glass::read_for_script))?;
    host.set(
        "beginBreakGlass",
        Func::from(|milliseconds: f64, by: String, reason: String| {
            done(break_glass::begin(milliseconds, &by, &reason))
        }),
    )?;
    host.set("endBreakGlass", Func::from(|| done(break_glass::end())))?;
    host.set("findRuntime", Func::from(program::find_runtime))?;
    host.set("callModule", Func::from(call_module))
}

/// Loads another embedded module beside the running one and returns what its `main` answers.
fn call_module<'js>(
    ctx: Ctx<'js>,
    name: String,
    argument: rquickjs::Value<'js>,
    host: Object<'js>,
) -> rquickjs::Result<rquickjs::Value<'js>> {
    crate::vm::main_of(&ctx, &name)?.call((host, argument))
}
