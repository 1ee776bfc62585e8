//! Compiles the bundled TypeScript (one JavaScript file a module) to QuickJS bytecode for embedding.
//! `scripts/build.ts` makes the bundles and names their folder in LINTEL_BUNDLES.

use std::{env, error::Error, fs, path::Path};

use rquickjs::context::intrinsic;
use rquickjs::{Context, Module, Runtime};

#[path = "src/bytecode.rs"]
mod bytecode;
#[path = "src/packed.rs"]
mod packed;

const MODULES: [&str; 5] = ["runtime", "judge", "policy", "identity", "cli"];
/// Those that the heap's snapshot holds. With LINTEL_EMBED=cold they are left out of the executable, which then runs as
/// a container runtime only with a snapshot inside.
const HOT: [&str; 2] = ["runtime", "judge"];

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
        let bytecode = bytecode::compile(name, &fs::read_to_string(source_file)?)?;
        fs::write(Path::new(&out).join(format!("{name}.qjs")), bytecode)?;
    }
    fs::write(Path::new(&out).join("modules.rs"), embedded(Path::new(&out))?)?;
    let section = format!("const SECTION: usize = {};\n", heap_size(Path::new(&out))?);
    fs::write(Path::new(&out).join("heap_size.rs"), section)?;
    Ok(())
}

/// Packs the modules that go into the executable; the table of them: name, length, packed bytes.
fn embedded(out: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=LINTEL_EMBED");
    let without_hot = match env::var("LINTEL_EMBED").as_deref() {
        Ok("cold") => true,
        Ok("all") | Err(env::VarError::NotPresent) => false,
        _ => return Err("LINTEL_EMBED is neither all nor cold".into()),
    };
    let mut entries = Vec::new();
    for name in MODULES.into_iter().filter(|name| !(without_hot && HOT.contains(name))) {
        let length = pack(out, name)?;
        entries.push(format!(
            "(\"{name}\", {length}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.packed\")))"
        ));
    }
    let count = entries.len();
    Ok(format!("static EMBEDDED: [(&str, usize, &[u8]); {count}] = [{}];\n", entries.join(", ")))
}

/// Writes a module's packed bytes beside its bytecode; the length of what was packed.
fn pack(out: &Path, name: &str) -> Result<usize, Box<dyn Error>> {
    let bytecode = fs::read(out.join(format!("{name}.qjs")))?;
    let mut packed = Vec::new();
    zopfli::compress(zopfli::Options::default(), zopfli::Format::Deflate, bytecode.as_slice(), &mut packed)?;
    if packed::unpack(&packed, bytecode.len()).as_ref() != Some(&bytecode) {
        return Err(format!("{name} is not packed so that it can be unpacked").into());
    }
    fs::write(out.join(format!("{name}.packed")), packed)?;
    Ok(bytecode.len())
}

/// Bytes to reserve for a machine that has run the hot path's modules: what it takes here, and some for the host
/// functions, the schema and gaps. A snapshot that does not fit is an error of the build.
fn heap_size(out: &Path) -> Result<usize, Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let context =
        Context::custom::<(intrinsic::Json, intrinsic::MapSet, intrinsic::RegExp, intrinsic::Promise)>(
            &runtime,
        )?;
    for name in HOT {
        let bytecode = fs::read(out.join(format!("{name}.qjs")))?;
        context.with(|ctx| -> rquickjs::Result<()> {
            // SAFETY: this very engine has just written it.
            let (_, promise) = unsafe { Module::load(ctx.clone(), &bytecode) }?.eval()?;
            promise.finish()
        })?;
    }
    runtime.run_gc();
    let used = usize::try_from(runtime.memory_usage().malloc_size)?;
    Ok((used + used / 20 + (72 << 10)).next_multiple_of(4096))
}
