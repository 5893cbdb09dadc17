//! Verifying and hashing passwords: slow by design, so in a pool of one job per processor, behind a short queue.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use entrepot_secrets::{HashingParameters, Sensitive, password};

use crate::{Core, Error, Result};

/// Passwords that may wait for a processor; more of them are told to come back.
const QUEUE: usize = 64;

/// Passwords that are being verified or hashed, and what is compared when an account does not exist.
#[derive(Default)]
pub(crate) struct PasswordDesk {
    waiting: Arc<AtomicUsize>,
    dummy: parking_lot::Mutex<Option<(HashingParameters, Arc<str>)>>,
}

/// A place in the queue, given back when the job has ended or was dropped before it began.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl PasswordDesk {
    fn queue(&self) -> Result<Place> {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= QUEUE {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(Error::Busy);
        }
        Ok(Place(self.waiting.clone()))
    }
}

/// How new hashes are made now.
pub(crate) fn parameters(core: &Core) -> HashingParameters {
    core.settings().data_provider.password_hashing.parameters()
}

/// Whether `plain` matches `hash`. Without a hash the work is done all the same and the answer is no (SEC-044, SEC-045).
///
/// # Errors
/// `Busy` when too many passwords wait.
pub(crate) async fn verify(core: &Core, hash: Option<&str>, plain: &str) -> Result<bool> {
    let place = core.0.credentials.desk.queue()?;
    let known = hash.is_some();
    let hash: Arc<str> = match hash {
        Some(hash) => hash.into(),
        None => dummy(core).await?,
    };
    let plain = Sensitive::new(plain.to_owned());
    let job = move || {
        let _place = place;
        password::verify(&hash, plain.expose().as_bytes())
    };
    match core.tasks().password().run(job).await {
        Ok(Ok(matches)) => Ok(matches && known),
        Ok(Err(error)) => {
            // SEC-040: a malformed hash never matches.
            tracing::warn!(%error, "a stored password hash cannot be verified");
            Ok(false)
        }
        Err(error) => Err(Error::internal("verifying a password", error)),
    }
}

/// Hashes a new password with the preferred algorithm.
///
/// # Errors
/// `Invalid` for `password` when it is empty or too long; `Busy` when too many passwords wait.
pub(crate) async fn hash(core: &Core, plain: &str) -> Result<String> {
    let place = core.0.credentials.desk.queue()?;
    let parameters = parameters(core);
    let plain = Sensitive::new(plain.to_owned());
    let job = move || {
        let _place = place;
        password::hash(plain.expose().as_bytes(), &parameters)
    };
    match core.tasks().password().run(job).await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error @ (password::HashError::TooLong(_) | password::HashError::Empty))) => {
            Err(Error::invalid("password", error.to_string()))
        }
        Ok(Err(error)) => Err(Error::internal("hashing a password", error)),
        Err(error) => Err(Error::internal("hashing a password", error)),
    }
}

/// A hash of nobody's password, made with the parameters of now, so that it costs what a new one does.
async fn dummy(core: &Core) -> Result<Arc<str>> {
    let parameters = parameters(core);
    if let Some((made_with, hash)) = &*core.0.credentials.desk.dummy.lock()
        && *made_with == parameters
    {
        return Ok(hash.clone());
    }
    let made = core.tasks().password().run(move || password::dummy_hash(&parameters)).await;
    let hash: Arc<str> = match made {
        Ok(Ok(hash)) => hash.into(),
        Ok(Err(error)) => return Err(Error::internal("preparing password checks", error)),
        Err(error) => return Err(Error::internal("preparing password checks", error)),
    };
    *core.0.credentials.desk.dummy.lock() = Some((parameters, hash.clone()));
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_says_busy_and_recovers() {
        let desk = PasswordDesk::default();
        let mut places: Vec<Place> = (0..QUEUE).map(|_| desk.queue().expect("there is room")).collect();
        assert_eq!(desk.queue().err(), Some(Error::Busy));
        places.pop();
        assert!(desk.queue().is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_unknown_user_costs_a_verification_and_never_matches() {
        // SEC-044, SEC-045
        let house = crate::login::tests::house(|_| {}).await;
        let desk = &house.core.0.credentials.desk;
        assert!(desk.dummy.lock().is_none());
        assert_eq!(verify(&house.core, None, "secret").await, Ok(false));
        let made = desk.dummy.lock().clone().expect("a dummy hash was verified");
        assert!(made.1.starts_with("$2a$04$"), "it is made like hashes of users");
        assert_eq!(verify(&house.core, None, "secret").await, Ok(false));
        assert_eq!(desk.dummy.lock().clone().expect("dummy").1, made.1);
        assert_eq!(desk.waiting.load(Ordering::Acquire), 0);
    }
}
