//! REST API and pages.
//!
//! **Owns** the routes, the JSON envelope of the REST contract, pages, assets, and the gate that keeps everything closed
//! until the server is set up. **Must not know** rules, storages or databases: a handler reads the request, calls one use
//! case of `core`, and writes its answer. **Called by** `cli`, which hands [`routes`] to the HTTP service.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests look at the files behind what is served"))]

mod admin;
mod api;
mod assets;
mod client;
mod door;
mod error;
mod files;
mod frame;
mod gate;
mod home;
mod live;
mod me;
mod openapi;
mod origin;
mod pages;
mod qr_code;
mod setup;
mod site;
mod telemetry;
#[cfg(test)]
mod testing;
mod tus;
mod visits;
mod wopi;

pub use error::refuse;
pub use site::{Site, SiteOptions, routes};
pub use telemetry::{TelemetryOptions, TelemetryUsers, telemetry_routes};
