//! The command line: what an operator types, and the wiring of the house.
//!
//! **Owns** the commands, the start and stop of every service in its order, the log of the process, the control socket in
//! the data folder, and the texts of a terminal. It is the only room that sees all others, and it holds no rule: what a
//! command does to accounts is a use case of `core`. **Must not** read requests, files of users or the database by itself.
//! **Called by** `main`.

#![allow(
    clippy::disallowed_methods,
    reason = "cli makes the data folder, its small files and the log, and owns the threads of the log"
)]

mod announce;
mod arguments;
mod backup;
mod bindings;
mod blame;
mod certificates;
mod control;
mod data_folder;
mod doctor;
mod exit;
mod gate;
mod house;
mod import;
mod initial_data;
mod load;
mod logging;
mod ping;
mod portable;
mod prompt;
mod rehearsal;
mod reset_password;
mod restart;
mod restore;
mod runtime;
mod saved_config;
mod serve;
mod service_manager;
mod setup_url;
mod show_config;
mod signals;
mod ssh_service;
mod telemetry;
mod terminal;
mod texts;
mod version;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command, ConfigCommand};

/// Lets go of what only the start of the program needed in memory; answers how many bytes may come back.
pub type LetGo = fn() -> std::io::Result<usize>;

/// Reads the command line, does what it says, and answers with the exit code of the process (see [`exit`] for the codes).
/// A server calls `let_go` when its start is over.
pub fn run(let_go: LetGo) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way, too.
            let code = if error.use_stderr() { exit::USAGE } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    // The one cryptography stack, before anything can ask for a default (a second call would be an error of no interest).
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let outcome = match &arguments.command {
        Command::Serve(command) => serve::run(command, let_go),
        Command::Portable(command) => portable::run(command),
        Command::Ping(place) => ping::run(place),
        Command::Resetpwd(command) => reset_password::run(command),
        Command::SetupUrl(place) => setup_url::run(place),
        Command::Import(command) => import::run(command),
        Command::Doctor(command) => doctor::run(command),
        Command::Backup(command) => backup::run(command),
        Command::Restore(command) => restore::run(command),
        Command::Config(ConfigCommand::Show(command)) => show_config::run(command),
        Command::Config(ConfigCommand::List(place)) => saved_config::list(place),
        Command::Config(ConfigCommand::Unset(command)) => saved_config::unset(command),
        Command::Completions { shell } => texts::completions(*shell),
        Command::Man => texts::manual(),
        Command::Licenses => texts::licenses(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}
