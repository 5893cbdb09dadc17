//! The own second factor: set up with a picture and a first code, taken away, and its recovery codes (UI-040…UI-045).

use askama::Template;
use entrepot_core::{
    Error,
    admin::second_factor::{self, Enrolment, FactorChange, FactorConfig, Recovery},
};
use entrepot_model::{Secret, SecretStatus};

use super::Person;
use crate::{
    door::logout::signed_out,
    frame::{
        Form, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying, render_again},
        look::Html,
        render,
    },
    qr_code,
};

#[derive(Template)]
#[template(path = "frame/factor.html")]
struct FactorPage {
    f: Shell,
    has_factor: bool,
    configs: Vec<FactorConfig>,
    /// One that is being set up.
    made: Option<Made>,
    /// Protocols that can ask for it, and whether they do; none for administrators.
    protocols: Vec<(&'static str, bool)>,
    code_error: Option<String>,
    error: Option<String>,
}

struct Made {
    config_name: String,
    issuer: String,
    secret: String,
    picture: Option<Html>,
}

impl From<Enrolment> for Made {
    fn from(made: Enrolment) -> Self {
        let picture = qr_code::svg(&made.url).ok().map(Html);
        Self { config_name: made.config_name, issuer: made.issuer, secret: made.secret, picture }
    }
}

#[derive(Template)]
#[template(path = "frame/recovery.html")]
struct RecoveryPage {
    f: Shell,
    codes: Vec<Recovery>,
}

fn ticks(chosen: Option<&[String]>) -> Vec<(&'static str, bool)> {
    let Some(chosen) = chosen else { return Vec::new() };
    ["HTTP", "SSH", "FTP"].into_iter().map(|name| (name, chosen.iter().any(|chosen| chosen == name))).collect()
}

fn build<P: Person>(page: P, chosen: Option<Vec<String>>) -> Result<FactorPage, Error> {
    let configs = second_factor::configs(page.core(), page.owner())?;
    let protocols = ticks(chosen.or_else(|| page.protocols()).as_deref().filter(|_| page.protocols().is_some()));
    let has_factor = page.has_factor();
    Ok(FactorPage { has_factor, configs, made: None, protocols, code_error: None, error: None, f: page.shell() })
}

pub(super) async fn show<P: Person>(page: P) -> PageResult {
    render(&build(page, None)?)
}

pub(super) async fn generate<P: Person>(sent: P::Sent) -> PageResult {
    let (page, form) = P::parts(sent);
    let made = second_factor::generate(page.core(), page.owner(), form.get("config_name"))?;
    render(&FactorPage { made: Some(made.into()), ..build(page, None)? })
}

pub(super) async fn save<P: Person>(sent: P::Sent) -> PageResult {
    let (page, form) = P::parts(sent);
    let chosen: Vec<String> = form.all("protocols").map(str::to_owned).collect();
    if form.has("secret") {
        let passcode: String = form.get("code").chars().filter(char::is_ascii_digit).take(20).collect();
        let (config_name, secret) = (form.get("config_name"), form.get("secret"));
        if let Err(error) = second_factor::validate(page.core(), page.owner(), config_name, &passcode, secret) {
            let Error::Invalid { .. } = error else { return Err(error.into()) };
            let code_error = Some(page.look().t.door_code_wrong.to_owned());
            let made = again(&form);
            return render_again(&FactorPage { made: Some(made), code_error, ..build(page, Some(chosen))? });
        }
    }
    let change = change(&form, &chosen, P::AREA == crate::frame::Area::Client);
    match second_factor::save(page.core(), page.owner(), change).await {
        // SEC-070: the session keeps the duties of its login.
        Ok(()) if page.is_confined() => Ok(signed_out(page.look(), P::AREA, page.look().t.me_factor_sign_in)),
        Ok(()) if form.has("secret") => {
            Ok(redirect_saying(&P::AREA.page("recoverycodes"), page.look(), page.look().t.me_factor_on))
        }
        Ok(()) => Ok(redirect_saying(&P::AREA.page("mfa"), page.look(), page.look().t.me_saved)),
        Err(Error::Invalid { message, .. }) => {
            let made = form.has("secret").then(|| again(&form));
            render_again(&FactorPage { made, error: Some(message), ..build(page, Some(chosen))? })
        }
        Err(error) => Err(error.into()),
    }
}

/// What is being set up, from the form that was sent: nothing is stored meanwhile.
fn again(form: &Form) -> Made {
    let take = |name: &str| form.get(name).to_owned();
    Made { config_name: take("config_name"), issuer: take("issuer"), secret: take("secret"), picture: None }
}

fn change(form: &Form, chosen: &[String], has_protocols: bool) -> FactorChange {
    let secret =
        form.find("secret").map(|secret| Secret { status: SecretStatus::Plain, payload: secret.to_owned(), ..Secret::default() });
    FactorChange {
        enabled: Some(true),
        config_name: form.find("config_name").map(str::to_owned),
        secret,
        protocols: has_protocols.then(|| chosen.to_vec()),
    }
}

pub(super) async fn disable<P: Person>(sent: P::Sent) -> PageResult {
    let (page, _) = P::parts(sent);
    let change = FactorChange { enabled: Some(false), ..FactorChange::default() };
    let to = P::AREA.page("mfa");
    match second_factor::save(page.core(), page.owner(), change).await {
        Ok(()) => Ok(redirect_saying(&to, page.look(), page.look().t.me_factor_off)),
        Err(Error::Invalid { .. }) => Ok(redirect_refusing(&to, page.look(), page.look().t.me_factor_required)),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn codes<P: Person>(page: P) -> PageResult {
    let codes = second_factor::recovery_codes(page.core(), page.owner()).await?;
    render(&RecoveryPage { f: page.shell(), codes })
}

pub(super) async fn renew<P: Person>(sent: P::Sent) -> PageResult {
    let (page, _) = P::parts(sent);
    second_factor::renew_recovery_codes(page.core(), page.owner()).await?;
    Ok(redirect_saying(&P::AREA.page("recoverycodes"), page.look(), page.look().t.me_codes_new))
}
