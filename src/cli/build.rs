//! Packs the licences that the program prints (`entrepot licenses`).

#![allow(clippy::disallowed_methods, reason = "a build script reads what cargo tells it and writes where cargo says")]

use std::{env, error::Error, fs, io::Write as _, path::Path};

use flate2::{Compression, write::ZlibEncoder};

fn main() -> Result<(), Box<dyn Error>> {
    let path = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../assets/licenses.txt");
    println!("cargo:rerun-if-changed={}", path.display());
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&fs::read(path)?)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("licenses.txt.zlib"), packed.finish()?)?;
    Ok(())
}
