//! Texts that the program can print of itself: completions of shells, its manual page, the licences of what is inside.

use std::io::{self, Read as _, Write as _};

use clap::CommandFactory as _;
use clap_complete::Shell;
use flate2::read::ZlibDecoder;

use crate::arguments::Arguments;

/// Name of the program as it is typed.
const PROGRAM: &str = "entrepot";
/// Made by `packaging/licenses.py`, packed by the build.
const LICENSES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/licenses.txt.zlib"));

/// `entrepot completions SHELL`.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), PROGRAM, &mut script);
    print(&script)
}

/// `entrepot man`: one page (man(7)) with every command.
pub(crate) fn manual() -> anyhow::Result<()> {
    let mut command = Arguments::command();
    // Each command knows its whole name only after this.
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).date("").render(&mut page)?;
    for part in command.get_subcommands().filter(|part| !part.is_hide_set() && part.get_name() != "help") {
        describe(part, &mut page)?;
    }
    print(&page)
}

/// A command, and those beneath it.
fn describe(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_uppercase();
    writeln!(page, ".SH \"{name}\"")?;
    let manual = clap_mangen::Man::new(command.clone());
    for render in [clap_mangen::Man::render_synopsis_section, clap_mangen::Man::render_description_section] {
        let mut section = Vec::new();
        render(&manual, &mut section)?;
        page.extend(beneath(&section));
    }
    let mut options = Vec::new();
    manual.render_options_section(&mut options)?;
    page.extend(beneath(&options));
    for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
        describe(part, page)?;
    }
    Ok(())
}

/// A section as part of another one.
fn beneath(section: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(section).replace(".SH ", ".SS ").into_bytes()
}

/// `entrepot licenses`.
pub(crate) fn licenses() -> anyhow::Result<()> {
    let mut text = Vec::new();
    ZlibDecoder::new(LICENSES).read_to_end(&mut text)?;
    print(&text)
}

/// Prints to standard output. Who closes it early (`| head`) has seen enough.
pub(crate) fn print(text: &[u8]) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
