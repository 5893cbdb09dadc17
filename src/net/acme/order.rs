//! One certificate: order, proof, request, chain (RFC 8555 section 7).

use std::{sync::Arc, time::Duration};

use instant_acme::{
    Account, AuthorizationStatus, ChallengeHandle, ChallengeType, Identifier, NewAccount, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use tokio::sync::oneshot;

use super::{
    Challenges, Plan,
    authority::{AcmeError, Web, describe},
    challenges::Offer,
    files, key,
    plan::Http01,
};

/// How long an authority may take to check the proofs, and to sign.
const PATIENCE: Duration = Duration::from_secs(180);

/// Obtains a certificate for `names` and puts it in its place. `attempt` counts from 0: with two kinds of proof they take
/// turns.
///
/// Cancelling leaves nothing but an order that the authority forgets; answers to challenges are taken back.
pub(super) async fn obtain(plan: &Plan, challenges: &Arc<Challenges>, names: &[String], attempt: u32) -> Result<(), AcmeError> {
    let account = account(plan).await?;
    let outcome = fulfil(plan, challenges, &account, names, attempt).await;
    let (chain, key) = match outcome {
        // ACME-013
        Err(error) if error.is_unknown_account => {
            tracing::warn!(%error, "the authority does not know the ACME account, making a new one");
            fulfil(plan, challenges, &register(plan).await?, names, attempt).await?
        }
        other => other?,
    };
    files::keep_certificate(plan, names, &chain, &key).map_err(|error| AcmeError::new(error.to_string()))
}

async fn account(plan: &Plan) -> Result<Account, AcmeError> {
    match files::account(plan) {
        Some(credentials) => Ok(Account::builder_with_http(Box::new(Web::new()?)).from_credentials(credentials).await?),
        None => register(plan).await,
    }
}

/// ACME-002: the terms are agreed to by whoever configures an authority.
async fn register(plan: &Plan) -> Result<Account, AcmeError> {
    let contact = format!("mailto:{}", plan.email);
    let new = NewAccount { contact: &[&contact], terms_of_service_agreed: true, only_return_existing: false };
    let builder = Account::builder_with_http(Box::new(Web::new()?));
    let (account, credentials) = builder.create(&new, plan.endpoint.clone(), None).await?;
    files::keep_account(plan, &credentials).map_err(|error| AcmeError::new(error.to_string()))?;
    tracing::info!(authority = plan.endpoint, email = plan.email, "registered an ACME account");
    Ok(account)
}

/// The chain and its key, PEM.
async fn fulfil(
    plan: &Plan,
    challenges: &Arc<Challenges>,
    account: &Account,
    names: &[String],
    attempt: u32,
) -> Result<(String, String), AcmeError> {
    let identifiers: Vec<Identifier> = names.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let retries = RetryPolicy::new().timeout(PATIENCE);
    if order.state().status != OrderStatus::Ready {
        let offers = prove(plan, challenges, &mut order, attempt).await?;
        let decided = order.poll_ready(&retries).await;
        drop(offers);
        match decided {
            Ok(OrderStatus::Ready) => {}
            Ok(_) => return Err(refusal(&mut order, None).await),
            Err(error) => return Err(refusal(&mut order, Some(error.into())).await),
        }
    }
    let request = make_request(plan, names).await?;
    order.finalize_csr(&request.csr).await?;
    Ok((order.poll_certificate(&retries).await?, request.key))
}

/// Answers a challenge for each name that is not proven yet.
async fn prove(plan: &Plan, challenges: &Arc<Challenges>, order: &mut Order, attempt: u32) -> Result<Vec<Offer>, AcmeError> {
    let mut offers = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => return Err(AcmeError::new(format!("{}: the authorization is {other:?}", authorization.identifier()))),
        }
        let name = authorization.identifier().to_string();
        let kinds = kinds(plan, attempt);
        let offered = |kind: &&ChallengeType| authorization.challenges.iter().any(|challenge| challenge.r#type == **kind);
        let Some(kind) = kinds.iter().find(offered).cloned() else {
            return Err(AcmeError::new(format!("{name}: the authority offers none of the challenges that are configured")));
        };
        let mut challenge = authorization
            .challenge(kind)
            .ok_or_else(|| AcmeError::new(format!("{name}: the authority took its challenge back")))?;
        offers.push(offer(plan, challenges, &name, &challenge)?);
        challenge.set_ready().await?;
    }
    Ok(offers)
}

/// The kinds of proof that are configured; every other attempt begins with the other one.
fn kinds(plan: &Plan, attempt: u32) -> Vec<ChallengeType> {
    let mut kinds = Vec::new();
    kinds.extend(plan.http01.is_some().then_some(ChallengeType::Http01));
    kinds.extend(plan.tls_alpn01.is_some().then_some(ChallengeType::TlsAlpn01));
    if attempt % 2 == 1 {
        kinds.reverse();
    }
    kinds
}

fn offer(plan: &Plan, challenges: &Arc<Challenges>, name: &str, challenge: &ChallengeHandle<'_>) -> Result<Offer, AcmeError> {
    let proof = challenge.key_authorization();
    if challenge.r#type == ChallengeType::TlsAlpn01 {
        return challenges.offer_over_tls(name, proof.digest().as_ref()).map_err(AcmeError::new);
    }
    match &plan.http01 {
        Some(Http01::Webroot(webroot)) => Offer::in_webroot(webroot, &challenge.token, proof.as_str())
            .map_err(|error| AcmeError::new(format!("acme.http01_challenge.webroot: {}: {error}", webroot.display()))),
        _ => Ok(challenges.offer_over_http(&challenge.token, name, proof.as_str())),
    }
}

/// Why the proofs were not believed: the order only says that they were not, each challenge says why.
async fn refusal(order: &mut Order, otherwise: Option<AcmeError>) -> AcmeError {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let Ok(mut authorization) = authorization else {
            break;
        };
        let name = authorization.identifier().to_string();
        let Ok(state) = authorization.refresh().await else {
            continue;
        };
        let problems = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        reasons.extend(problems.map(|problem| format!("{name}: {}", describe(problem))));
    }
    if reasons.is_empty() {
        return otherwise.unwrap_or_else(|| AcmeError::new("the authority refused the order without a reason"));
    }
    AcmeError::new(reasons.join("; "))
}

/// In a thread of its own: an RSA key of 8192 bits takes many seconds.
async fn make_request(plan: &Plan, names: &[String]) -> Result<key::Request, AcmeError> {
    let (key_type, names) = (plan.key_type, names.to_vec());
    let (answer, made) = oneshot::channel();
    std::thread::Builder::new()
        .name("acme-key".into())
        .spawn(move || drop(answer.send(key::request(key_type, &names))))
        .map_err(|error| AcmeError::new(format!("no thread to make a key: {error}")))?;
    match made.await {
        Ok(made) => made.map_err(AcmeError::new),
        Err(_) => Err(AcmeError::new("the key was not made")),
    }
}
