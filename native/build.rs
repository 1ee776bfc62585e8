//! Compiles the bundled TypeScript (one JavaScript file a module) to QuickJS bytecode for embedding.
//! `scripts/build.ts` makes the bundles and names their folder in LINTEL_BUNDLES.

use std::{env, error::Error, fs, path::Path};

use rquickjs::context::intrinsic;
use rquickjs::{Context, Module, Runtime, WriteOptions};

const MODULES: [&str; 4] = ["runtime", "judge", "policy", "cli"];
/// Those that the heap's snapshot holds.
const SNAPSHOT: [&str; 2] = ["runtime", "judge"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=LINTEL_BUNDLES");
    let bundles = env::var("LINTEL_BUNDLES")?;
    let out = env::var("OUT_DIR")?;
    println!("cargo::rerun-if-env-changed=LINTEL_BUILD_ID");
    println!("cargo::rustc-env=LINTEL_BUILD_ID={}", env::var("LINTEL_BUILD_ID")?);
    let table = Path::new(&bundles).join("door.txt");
    println!("cargo::rerun-if-changed={}", table.display());
    fs::copy(table, Path::new(&out).join("door.txt"))?;
    for name in MODULES {
        let source_file = Path::new(&bundles).join(format!("{name}.js"));
        println!("cargo::rerun-if-changed={}", source_file.display());
        let bytecode = compile(name, &fs::read_to_string(source_file)?)?;
        fs::write(Path::new(&out).join(format!("{name}.qjs")), bytecode)?;
    }
    let section = format!("const SECTION: usize = {};\n", heap_size(Path::new(&out))?);
    fs::write(Path::new(&out).join("heap_size.rs"), section)?;
    Ok(())
}

/// Bytes to reserve for a machine that has run the hot path's modules: what it takes here, and some for the host
/// functions, the schema and gaps. A snapshot that does not fit is an error of the build.
fn heap_size(out: &Path) -> Result<usize, Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let context =
        Context::custom::<(intrinsic::Json, intrinsic::MapSet, intrinsic::RegExp, intrinsic::Promise)>(
            &runtime,
        )?;
    for name in SNAPSHOT {
        let bytecode = fs::read(out.join(format!("{name}.qjs")))?;
        context.with(|ctx| -> rquickjs::Result<()> {
            // SAFETY: this very engine has just written it.
            let (_, promise) = unsafe { Module::load(ctx.clone(), &bytecode) }?.eval()?;
            promise.finish()
        })?;
    }
    runtime.run_gc();
    let used = usize::try_from(runtime.memory_usage().malloc_size)?;
    Ok((used + used / 20 + (96 << 10)).next_multiple_of(4096))
}

fn compile(name: &str, source: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    context.with(|ctx| {
        let module =
            Module::declare(ctx.clone(), name, source).map_err(|error| match ctx.catch().as_exception() {
                Some(exception) => format!("{name}: {exception}"),
                None => format!("{name}: {error}"),
            })?;
        // What is loaded at every call carries no lines: they would be most of the loading.
        let options =
            WriteOptions { strip_source: true, strip_debug: name != "cli", ..WriteOptions::default() };
        Ok(module.write(options)?)
    })
}
