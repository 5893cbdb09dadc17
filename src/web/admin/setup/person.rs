//! The first person with files, or the next.

use actix_web::HttpRequest;
use askama::Template;
use entrepot_core::{
    Attempt, Error,
    admin::{folders, users},
    login::PageStep,
};
use entrepot_model::{BaseVirtualFolder, Permission, Protocol, User, VirtualFolder};

use super::{fault, step};
use crate::{
    api::{
        access::{agent, peer},
        escaped,
    },
    frame::{AdminForm, AdminPage, Area, Form, PageResult, answer::render_again, cookies, cookies::Kept, redirect, render},
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
    presets: Vec<(&'static str, &'static str, &'static str, &'static str)>,
    error: Option<(String, String)>,
}

impl PersonPage {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(of, _)| of == field).map(|(_, message)| message.as_str())
    }

    fn problem(&self) -> Option<&str> {
        self.error
            .as_ref()
            .filter(|(of, _)| !["username", "password", "folder"].contains(&of.as_str()))
            .map(|(_, text)| text.as_str())
    }
}

fn page_of(page: AdminPage, form: Option<&Form>, error: Option<(String, String)>) -> PersonPage {
    let t = page.look.t;
    let word = |id: &str, of: &str| t.find(&format!("setup.preset_{id}{of}")).unwrap_or_default();
    let typed = |name: &str, first: &str| form.map_or(first, |form| form.get(name)).to_owned();
    PersonPage {
        token: page.form_token(),
        username: typed("username", page.session.username()),
        preset: typed("preset", "private"),
        folder: typed("folder", ""),
        is_me: form.is_none_or(|form| form.has("me")),
        presets: PRESETS.into_iter().map(|(id, icon)| (id, icon, word(id, ""), word(id, "_sub"))).collect(),
        error,
        f: Steps::new(page.look, "person"),
    }
}

pub(super) async fn show(page: AdminPage) -> PageResult {
    page.session.require(entrepot_model::AdminPermission::AddUsers)?;
    render(&page_of(page, None, None))
}

pub(super) async fn create(request: HttpRequest, sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let made = make(&page, &form).await;
    let user = match made {
        Ok(user) => user,
        Err(error) => {
            let error = match fault(error)? {
                // A name that is taken is the fault of the name.
                (field, message) if field.is_empty() => ("username".to_owned(), message),
                other => other,
            };
            return render_again(&page_of(page, Some(&form), Some(error)));
        }
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

async fn make(page: &AdminPage, form: &Form) -> Result<User, Error> {
    let t = page.look.t;
    let (username, password) = (form.get("username").trim(), form.get("password"));
    if username.is_empty() {
        return Err(Error::invalid("username", t.setup_username_needed));
    }
    if password.is_empty() {
        return Err(Error::invalid("password", t.setup_password_needed));
    }
    let permissions = match form.get("preset") {
        "readonly" => vec![Permission::List, Permission::Download],
        "dropbox" => vec![Permission::Upload, Permission::CreateDirs],
        _ => vec![Permission::Any],
    };
    let mut user = User {
        username: username.to_owned(),
        password: Some(password.to_owned()),
        status: 1,
        permissions: [("/".to_owned(), permissions)].into_iter().collect(),
        ..User::default()
    };
    let folder = form.get("folder").trim();
    if form.get("preset") == "team" {
        if folder.is_empty() {
            return Err(Error::invalid("folder", t.setup_folder_needed));
        }
        user.virtual_folders = vec![team(page, folder).await?];
    }
    users::add(page.core(), &page.session, user).await
}

/// The folder that a team shares, beside the homes; one of that name is used as it is.
async fn team(page: &AdminPage, name: &str) -> Result<VirtualFolder, Error> {
    let (core, session) = (page.core(), &page.session);
    let base = match core.settings().data_provider.users_base_dir.trim() {
        "" => core.data_directory().join("homes"),
        base => base.into(),
    };
    let folder = match folders::get(core, session, name, false).await {
        Ok(folder) => folder,
        Err(Error::NotFound) => {
            // No account can have such a name for its home.
            let path = base.join(format!("team {name}")).to_string_lossy().into_owned();
            let new = BaseVirtualFolder { name: name.to_owned(), mapped_path: path, ..BaseVirtualFolder::default() };
            folders::add(core, session, new).await.map_err(|error| match error {
                Error::Invalid { message, .. } => Error::invalid("folder", message),
                other => other,
            })?
        }
        Err(error) => return Err(error),
    };
    Ok(VirtualFolder {
        virtual_path: format!("/{}", folder.name),
        folder,
        quota_size: -1,
        quota_files: -1,
        ..VirtualFolder::default()
    })
}
