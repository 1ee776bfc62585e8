//! Compiles the bundled TypeScript (one JavaScript file a module) to QuickJS bytecode for embedding.
//! `scripts/build.ts` makes the bundles and names their folder in LINTEL_BUNDLES.

use std::{env, error::Error, fs, path::Path};

use rquickjs::{Context, Module, Runtime, WriteOptions};

const MODULES: [&str; 4] = ["runtime", "judge", "policy", "cli"];

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
    Ok(())
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
