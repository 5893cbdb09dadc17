//! Integration tests: the built binary, driven by the clients that people use. A module per topic.

#![allow(clippy::disallowed_methods, reason = "tests have folders, processes and threads of their own")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

#[path = "../harness/harness.rs"]
mod harness;

mod acme;
mod backups;
mod certificates;
mod command_line;
mod connections;
mod faults;
mod files_over_rest;
mod first_start;
mod foreign_clients;
mod gates;
mod host_keys;
mod hostile;
mod house;
mod import;
mod limits;
mod monitoring;
mod office;
mod openssh;
mod portable;
mod rest_flows;
mod resumable;
mod scp;
mod service_manager;
mod settings;
mod shares;
mod ssh_audit;
mod ssh_certificates;
mod ssh_commands;
mod ssh_login;
mod ssh_regress;
mod start_failures;
mod upgrades;
