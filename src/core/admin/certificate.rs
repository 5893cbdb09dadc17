//! The certificate that services without files of their own show, kept in the database (TLS-006, TLS-008).
//!
//! It stands before the files of the section, for the services it is for, and behind nothing but a binding's own files. It and
//! ACME exclude each other: either an administrator brings certificates or the authority does.

use std::sync::Arc;

use entrepot_model::{
    AdminPermission as P, Secret,
    certificate::{CertificateFacts, CertificateView, EVERY, HTTPS},
};
use entrepot_secrets::{Sealer, Sensitive};
use entrepot_store::{Store, StoredCertificate};
use serde_json::json;

use super::{
    AdminSession,
    changes::{self, Action, Change},
    sealing, stored,
};
use crate::{
    Core, Error, Result,
    identity::{CertificatePair, CertificateService},
};

/// What events call it.
const KIND: &str = "configs";
const NAME: &str = "certificate";
/// For whom the key is sealed.
const OWNER: &str = "certificate";
/// Longest chain or key in bytes.
const LONGEST: usize = 256 * 1024;

/// A certificate to be put in place.
pub struct CertificateDraft {
    /// The chain in PEM form, the server's own certificate first; empty is the one that is there.
    pub certificate: String,
    /// Its key in PEM form; empty is the one that is there.
    pub private_key: Sensitive<String>,
    /// Services it is for: 1 HTTPS, 2 FTPS, 4 WebDAV.
    pub protocols: i64,
}

/// The certificate.
///
/// # Errors
/// `Denied` without `view_status`; `NotFound` if there is none; `Unavailable` where nothing could show it.
pub async fn show(core: &Core, session: &AdminSession) -> Result<CertificateView> {
    session.require(P::ViewStatus)?;
    let service = service(core)?;
    let stored = core.0.store.server_certificate().get().await.map_err(stored)?.ok_or(Error::NotFound)?;
    // One whose key does not open any more is told all the same.
    let facts = service.describe(&stored.chain).unwrap_or_default();
    Ok(view(service.as_ref(), facts, stored))
}

fn view(service: &dyn CertificateService, facts: CertificateFacts, stored: StoredCertificate) -> CertificateView {
    CertificateView {
        facts,
        certificate: stored.chain,
        protocols: stored.protocols,
        updated_at: stored.updated_at,
        is_shown: service.is_shown(),
    }
}

/// Puts a certificate in place: new connections see it at once.
///
/// # Errors
/// `Denied` without `*`; `Invalid` naming the field: it cannot be understood, the key does not belong to it, it has ended or has
/// not begun; `Conflict` where ACME is on; `Unavailable` where nothing could show it.
pub async fn put(core: &Core, session: &AdminSession, draft: CertificateDraft) -> Result<CertificateView> {
    session.require(P::Any)?;
    let service = service(core)?;
    if is_acme_on(&core.settings()) {
        let message = "acme.domains is set: certificates come from an authority, and none can be kept here beside it";
        return Err(Error::Conflict(message.to_owned()));
    }
    if draft.protocols & !EVERY != 0 || draft.protocols <= 0 {
        return Err(Error::invalid("protocols", "protocols must be a sum of 1 (HTTPS), 2 (FTPS) and 4 (WebDAV)"));
    }
    let pair = complete(core, &draft).await?;
    let facts = understood(core, service.as_ref(), &pair)?;
    let sealed = sealing::seal(&core.0.sealer, pair.private_key.expose(), OWNER)?;
    let row = StoredCertificate {
        chain: pair.certificate.clone(),
        sealed_key: serde_json::to_string(&sealed).map_err(|error| Error::internal("storing the certificate", error))?,
        protocols: draft.protocols,
        updated_at: core.clock().millis(),
    };
    let putting = exchange(core.clone(), service.clone(), Some((row.clone(), pair)));
    core.tasks().complete(putting).await?;
    record(core, session, Action::Update, &facts, draft.protocols);
    Ok(view(service.as_ref(), facts, row))
}

/// What is left out is what is there.
async fn complete(core: &Core, draft: &CertificateDraft) -> Result<CertificatePair> {
    let (certificate, private_key) = (draft.certificate.trim(), draft.private_key.expose().trim());
    for (field, text) in [("certificate", certificate), ("private_key", private_key)] {
        if text.len() > LONGEST {
            return Err(Error::invalid(field, "longer than any is"));
        }
    }
    if !certificate.is_empty() && !private_key.is_empty() {
        return Ok(CertificatePair { certificate: certificate.to_owned(), private_key: Sensitive::new(private_key.to_owned()) });
    }
    let kept = kept(core).await?;
    let missing = |field: &str| Error::invalid(field, "it is needed: there is none here yet");
    let kept = kept.ok_or_else(|| missing(if certificate.is_empty() { "certificate" } else { "private_key" }))?.0;
    let certificate = if certificate.is_empty() { kept.certificate } else { certificate.to_owned() };
    let private_key = if private_key.is_empty() { kept.private_key } else { Sensitive::new(private_key.to_owned()) };
    Ok(CertificatePair { certificate, private_key })
}

fn understood(core: &Core, service: &dyn CertificateService, pair: &CertificatePair) -> Result<CertificateFacts> {
    let facts = service.read(pair).map_err(|fault| Error::invalid(fault.field, fault.reason))?;
    let now = core.clock().millis();
    if facts.not_after <= now {
        return Err(Error::invalid("certificate", format!("it ended on {}", day(facts.not_after))));
    }
    if facts.not_before > now {
        let reason = format!("it begins on {} only; is the clock of this machine right?", day(facts.not_before));
        return Err(Error::invalid("certificate", reason));
    }
    Ok(facts)
}

fn day(millis: i64) -> String {
    chrono::DateTime::from_timestamp_millis(millis)
        .map_or_else(|| "an unknown day".to_owned(), |at| at.format("%Y-%m-%d").to_string())
}

/// Removes the certificate: services go back to their files, or to a self-signed one.
///
/// # Errors
/// `Denied` without `*`; `NotFound` if there is none; `Unavailable` where nothing could show it.
pub async fn remove(core: &Core, session: &AdminSession) -> Result<()> {
    session.require(P::Any)?;
    let service = service(core)?;
    let there = core.0.store.server_certificate().get().await.map_err(stored)?.ok_or(Error::NotFound)?;
    let facts = service.describe(&there.chain).unwrap_or_default();
    core.tasks().complete(exchange(core.clone(), service, None)).await?;
    record(core, session, Action::Delete, &facts, there.protocols);
    Ok(())
}

/// Stores a certificate, or none, and has it shown. It runs to its end even if nobody waits any more.
async fn exchange(
    core: Core,
    service: Arc<dyn CertificateService>,
    new: Option<(StoredCertificate, CertificatePair)>,
) -> Result<()> {
    let turn = core.identity().turn.acquire().await;
    let repository = core.0.store.server_certificate();
    let shown = match new {
        Some((row, pair)) => {
            let is_ours = row.protocols & HTTPS != 0;
            repository.put(row).await.map_err(stored)?;
            is_ours.then_some(pair)
        }
        None => {
            if !repository.delete().await.map_err(stored)? {
                return Err(Error::NotFound);
            }
            None
        }
    };
    let showing = core.tasks().storage().run(move || service.show(shown.as_ref())).await;
    showing.map_err(|error| Error::internal("showing the certificate", error))?;
    drop(turn);
    Ok(())
}

fn service(core: &Core) -> Result<Arc<dyn CertificateService>> {
    core.identity().certificate().ok_or(Error::Unavailable("the web is off: nothing could show a certificate"))
}

/// The certificate with its key, and the services it is for: what listeners are given at the start. One whose key does not
/// open (another master key) is left out, with a line in the log.
///
/// # Errors
/// The database cannot be read.
pub async fn kept(core: &Core) -> Result<Option<(CertificatePair, i64)>> {
    kept_in(&core.0.store, &core.0.sealer).await
}

/// The same of a server that does not run.
///
/// # Errors
/// The database cannot be read.
pub async fn kept_in(store: &Store, sealer: &Sealer) -> Result<Option<(CertificatePair, i64)>> {
    let Some(row) = store.server_certificate().get().await.map_err(stored)? else { return Ok(None) };
    let opened = serde_json::from_str::<Secret>(&row.sealed_key).map_err(|error| error.to_string());
    let opened = opened.and_then(|secret| sealing::open(sealer, &secret).map_err(|error| error.to_string()));
    let key = opened.and_then(|key| String::from_utf8(key.to_vec()).map_err(|error| error.utf8_error().to_string()));
    match key {
        Ok(key) => Ok(Some((CertificatePair { certificate: row.chain, private_key: Sensitive::new(key) }, row.protocols))),
        Err(error) => {
            tracing::error!(error, "the key of the certificate of the database cannot be opened; it is not shown");
            Ok(None)
        }
    }
}

/// Whether ACME obtains certificates.
pub fn is_acme_on(settings: &entrepot_config::Settings) -> bool {
    settings.acme.domains.iter().any(|names| !names.trim().is_empty())
}

/// Refuses to turn ACME on beside a certificate of the database (TLS-008).
pub(super) async fn refuse_acme(core: &Core, wanted: &entrepot_config::Settings) -> Result<()> {
    if !is_acme_on(wanted) || is_acme_on(&core.settings()) {
        return Ok(());
    }
    match core.0.store.server_certificate().get().await.map_err(stored)? {
        None => Ok(()),
        Some(_) => {
            let message = "a certificate is kept in the database, and ACME would obtain others: remove that one first";
            Err(Error::Conflict(message.to_owned()))
        }
    }
}

fn record(core: &Core, session: &AdminSession, action: Action, facts: &CertificateFacts, protocols: i64) {
    let object =
        json!({ "names": facts.names, "fingerprint": facts.fingerprint, "not_after": facts.not_after, "protocols": protocols });
    changes::record(core, session, &Change { action, kind: KIND, name: NAME, role: "", object: &object });
}

#[cfg(test)]
mod tests;
