//! The first person with files, or the next.

use actix_web::HttpRequest;
use askama::Template;
use entrepot_core::{
    Attempt, Error,
    admin::{folders, users},
    login::PageStep,
};
use entrepot_model::{AdminPermission as P, BaseVirtualFolder, Permission, Protocol, User, VirtualFolder};

use super::{Fault, Wrong, fault, step};
use crate::{
    api::{
        access::{agent, peer},
        escaped,
    },
    frame::{
        AdminForm, AdminPage, Area, Form, PageError, PageResult, answer::render_again, cookies, cookies::Kept, redirect, render,
        words::Words,
    },
    setup::Steps,
};

/// What a person may do, with the sign of the choice.
const PRESETS: [(&str, &str); 4] = [("private", "lock"), ("team", "people"), ("readonly", "eye"), ("dropbox", "inbox")];

#[derive(Template)]
#[template(path = "setup/person.html")]
struct PersonPage {
    f: Steps,
    token: String,
    username: String,
    preset: String,
    folder: String,
    is_me: bool,
    /// Where a folder of that name has its files: it is used only if that is wanted.
    existing: Option<String>,
    presets: Vec<(&'static str, &'static str, &'static str, &'static str)>,
    wrong: Wrong,
}

fn page_of(page: AdminPage, form: Option<&Form>, refusal: Option<Refusal>) -> PersonPage {
    let Refusal { fault, existing } = refusal.unwrap_or_default();
    let t = page.look.t;
    let word = |id: &str, of: &str| t.find(&format!("setup.preset_{id}{of}")).unwrap_or_default();
    let typed = |name: &str, first: &str| form.map_or(first, |form| form.get(name)).to_owned();
    PersonPage {
        token: page.form_token(),
        username: typed("username", page.session.username()),
        preset: typed("preset", "private"),
        folder: typed("folder", ""),
        is_me: form.is_none_or(|form| form.has("me")),
        existing,
        presets: PRESETS.into_iter().map(|(id, icon)| (id, icon, word(id, ""), word(id, "_sub"))).collect(),
        wrong: Wrong { fault, fields: vec!["username", "password", "folder", "preset"] },
        f: Steps::new(page.look, "person"),
    }
}

pub(super) async fn show(page: AdminPage) -> PageResult {
    page.session.require(P::Any)?;
    render(&page_of(page, None, None))
}

pub(super) async fn create(request: HttpRequest, sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    page.session.require(P::Any)?;
    let user = match make(&page, &form).await? {
        Ok(user) => user,
        Err(refusal) => return render_again(&page_of(page, Some(&form), Some(refusal))),
    };
    let mut answer = redirect(&format!("{}?user={}", step("safety"), escaped(&user.username)));
    if form.has("me") {
        let attempt = Attempt { username: user.username, protocol: Protocol::Http, peer: peer(&page.client, agent(&request)) };
        // Who cannot come in over HTTP signs in elsewhere.
        if let Ok(PageStep::In(token)) = page.core().user_page_login(&attempt, form.get("password")).await {
            let session = Kept::Session(Area::Client).token(&token, page.client.secure, page.core().clock().seconds());
            cookies::add(&mut answer, &session);
        }
    }
    Ok(answer)
}

/// Why nobody was made.
#[derive(Default)]
struct Refusal {
    fault: Option<Fault>,
    /// Where the folder has its files that is there already.
    existing: Option<String>,
}

impl Refusal {
    fn at(field: &str, message: impl Into<String>) -> Self {
        Self { fault: Some(Fault::new(field, message)), existing: None }
    }
}

type Made<T> = Result<Result<T, Refusal>, PageError>;

/// A refusal of core; one without a field is the fault of `usual`.
fn refused<T>(error: Error, usual: &str, t: &'static Words) -> Made<T> {
    let Fault { field, message, .. } = fault(error, t)?;
    Ok(Err(Refusal::at(if field.is_empty() { usual } else { &field }, message)))
}

async fn make(page: &AdminPage, form: &Form) -> Made<User> {
    let (t, core, session) = (page.look.t, page.core(), &page.session);
    let (username, password) = (form.get("username").trim(), form.get("password"));
    if username.is_empty() {
        return Ok(Err(Refusal::at("username", t.setup_username_needed)));
    }
    if password.is_empty() {
        return Ok(Err(Refusal::at("password", t.setup_password_needed)));
    }
    if users::get(core, session, username, false).await.is_ok() {
        return Ok(Err(Refusal::at("username", t.setup_username_taken)));
    }
    let permissions = match form.get("preset") {
        "readonly" => vec![Permission::List, Permission::Download],
        "dropbox" => vec![Permission::Upload, Permission::CreateDirs],
        "private" | "team" => vec![Permission::Any],
        _ => return Ok(Err(Refusal::at("preset", t.setup_may_needed))),
    };
    let mut user = User {
        username: username.to_owned(),
        password: Some(password.to_owned()),
        status: 1,
        permissions: [("/".to_owned(), permissions)].into_iter().collect(),
        ..User::default()
    };
    let mut made = None;
    if form.get("preset") == "team" {
        let team = match team(page, form).await? {
            Ok(team) => team,
            Err(refusal) => return Ok(Err(refusal)),
        };
        made = team.is_new.then(|| team.folder.name.clone());
        user.virtual_folders = vec![mounted(team.folder)];
    }
    match users::add(core, session, user).await {
        Ok(user) => Ok(Ok(user)),
        Err(error) => {
            // The folder was made for this user alone. Nothing was brought there yet.
            if let Some(folder) = made {
                folders::delete(core, session, &folder).await?;
            }
            refused(error, "", t)
        }
    }
}

/// The folder that a team shares.
struct Team {
    folder: BaseVirtualFolder,
    is_new: bool,
}

/// The folder of that name, made beside the homes. One that is there already is used only if the form says so: somebody else may
/// have files in it.
async fn team(page: &AdminPage, form: &Form) -> Made<Team> {
    let (t, core, session) = (page.look.t, page.core(), &page.session);
    let name = form.get("folder").trim();
    if name.is_empty() {
        return Ok(Err(Refusal::at("folder", t.setup_folder_needed)));
    }
    let base = match core.settings().data_provider.users_base_dir.trim() {
        "" => core.data_directory().join("homes"),
        base => base.into(),
    };
    match folders::get(core, session, name, false).await {
        Ok(folder) if form.get("existing") == folder.name => Ok(Ok(Team { folder, is_new: false })),
        Ok(folder) => {
            let refusal = Refusal::at("folder", t.setup_folder_taken);
            Ok(Err(Refusal { existing: Some(folder.mapped_path), ..refusal }))
        }
        Err(Error::NotFound) => {
            // No account can have such a name for its home.
            let path = base.join(format!("team {name}")).to_string_lossy().into_owned();
            let new = BaseVirtualFolder { name: name.to_owned(), mapped_path: path, ..BaseVirtualFolder::default() };
            match folders::add(core, session, new).await {
                Ok(folder) => Ok(Ok(Team { folder, is_new: true })),
                Err(Error::Invalid { message, .. }) => refused(Error::invalid("folder", message), "folder", t),
                Err(error) => refused(error, "folder", t),
            }
        }
        Err(error) => Err(error.into()),
    }
}

fn mounted(folder: BaseVirtualFolder) -> VirtualFolder {
    VirtualFolder {
        virtual_path: format!("/{}", folder.name),
        folder,
        quota_size: -1,
        quota_files: -1,
        ..VirtualFolder::default()
    }
}
