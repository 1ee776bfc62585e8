//! JavaScript to QuickJS bytecode: for build.rs, and for the snapshot's modules, which the executable itself compiles.

use rquickjs::{Context, Module, Runtime, WriteOptions};

/// Compiles the source of a module, without lines: of what is loaded at a call they would be most.
/// Errors: the engine's, with the module's name.
pub fn compile(name: &str, source: &str) -> Result<Vec<u8>, String> {
    let told = |error: rquickjs::Error| format!("{name}: {error}");
    let runtime = Runtime::new().map_err(told)?;
    let context = Context::full(&runtime).map_err(told)?;
    context.with(|ctx| {
        let module =
            Module::declare(ctx.clone(), name, source).map_err(|error| match ctx.catch().as_exception() {
                Some(exception) => format!("{name}: {exception}"),
                None => told(error),
            })?;
        module
            .write(WriteOptions { strip_source: true, strip_debug: true, ..WriteOptions::default() })
            .map_err(told)
    })
}
