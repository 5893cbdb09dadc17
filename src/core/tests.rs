//! The core as its callers use it, on storages in memory (with faults) and on disk.

mod attributes;
mod audit;
mod cancellation;
mod client;
mod copies;
mod doctor;
mod fixture;
mod hooks;
mod in_place;
mod leases;
mod limits;
mod metrics;
mod mounts;
mod overlay;
mod partials;
mod permissions;
mod quota;
mod random;
mod recovery;
mod removals;
mod renames;
mod scans;
mod sequential;
mod share_sessions;
mod uploads;
mod visits;
