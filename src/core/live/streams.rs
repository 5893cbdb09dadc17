//! Who has streams open: a bounded number each, and a way to end them.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// Streams that an account may have: a page each, and some that a browser has not let go of yet.
const MOST: usize = 16;

/// Whose streams they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Account {
    User(String),
    Admin(String),
}

#[derive(Default)]
struct State {
    accounts: HashMap<Account, (usize, CancellationToken)>,
    is_closed: bool,
}

/// The open streams.
#[derive(Default, Clone)]
pub(super) struct Streams(Arc<Mutex<State>>);

impl Streams {
    /// Counts a stream in.
    ///
    /// # Errors
    /// `TooMany`; `Shutdown`.
    pub(super) fn open(&self, account: Account) -> Result<OpenStream> {
        let mut state = self.0.lock();
        if state.is_closed {
            return Err(Error::Shutdown);
        }
        let (count, end) = state.accounts.entry(account.clone()).or_default();
        if *count >= MOST {
            return Err(Error::TooMany);
        }
        *count += 1;
        let end = end.clone();
        Ok(OpenStream { streams: self.clone(), account, end })
    }

    /// Ends the streams of an account; it may open others.
    pub(super) fn end(&self, account: &Account) {
        if let Some((_, end)) = self.0.lock().accounts.get_mut(account) {
            std::mem::take(end).cancel();
        }
    }

    pub(super) fn close(&self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        state.accounts.values().for_each(|(_, end)| end.cancel());
    }
}

/// A stream that is counted. Dropping it counts it out.
pub(super) struct OpenStream {
    streams: Streams,
    account: Account,
    /// Cancelled when the stream is to end.
    pub(super) end: CancellationToken,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut state = self.streams.0.lock();
        if let Some((count, _)) = state.accounts.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                state.accounts.remove(&self.account);
            }
        }
    }
}
