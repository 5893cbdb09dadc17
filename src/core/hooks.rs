//! What core asks of rooms above it: declared here, implemented elsewhere, wired by cli.

use std::{future::Future, pin::Pin, sync::Arc};

use entrepot_model::{EffectiveUser, Protocol, VirtualPath, event::FsEvent};

use crate::{Operation, Result};

/// An answer of a hook.
pub type HookFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// What an operation is about, as hooks see it.
#[derive(Debug, Clone)]
pub struct HookContext {
    /// The account.
    pub user: Arc<EffectiveUser>,
    /// What is about to happen, or happened.
    pub operation: Operation,
    /// Path as the client named it.
    pub path: VirtualPath,
    /// Second path of renames and copies.
    pub target: Option<VirtualPath>,
    /// Size where it is known.
    pub size: Option<u64>,
    /// `SFTP`, `FTP`, …
    pub protocol: &'static str,
    /// Address of the client.
    pub ip: std::net::IpAddr,
    /// Id of the session.
    pub session: String,
}

/// Programs, HTTP calls and rules that have a say. No lock, permit or transaction is held while one runs.
///
/// Cancelling: the caller may drop the future when the session ends; an implementation must not rely on being awaited.
pub trait Hooks: Send + Sync + 'static {
    /// Whether anything is configured for `operation`: `false` keeps it on the fast path.
    fn wants(&self, operation: Operation) -> bool;

    /// Before the storage is touched. An error refuses the operation.
    fn before<'a>(&'a self, context: &'a HookContext) -> HookFuture<'a, ()>;

    /// After an upload is complete and before it gets its name. An error keeps it from being published.
    fn before_publish<'a>(&'a self, context: &'a HookContext) -> HookFuture<'a, ()>;

    /// After the storage was changed, awaited before the client is answered.
    fn after<'a>(&'a self, context: &'a HookContext) -> HookFuture<'a, ()>;
}

/// Nothing is configured.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn wants(&self, _: Operation) -> bool {
        false
    }

    fn before<'a>(&'a self, _: &'a HookContext) -> HookFuture<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn before_publish<'a>(&'a self, _: &'a HookContext) -> HookFuture<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn after<'a>(&'a self, _: &'a HookContext) -> HookFuture<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Where events go besides the database: the rule engine. Must not block; may drop under pressure, counting what it dropped.
pub trait EventSink: Send + Sync + 'static {
    /// A file system event that is stored already.
    fn fs_event(&self, event: &Arc<FsEvent>);

    /// A certificate was obtained or renewed, or could not be (ACME-010).
    fn certificate_attempted(&self, _domains: &str, _error: Option<&str>) {}

    /// The defender banned an address, for what it last did over this protocol (DEF-008, EVT-062).
    fn ip_blocked(&self, _ip: std::net::IpAddr, _protocol: Protocol) {}
}

/// Nobody listens.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoEventSink;

impl EventSink for NoEventSink {
    fn fs_event(&self, _: &Arc<FsEvent>) {}
}
