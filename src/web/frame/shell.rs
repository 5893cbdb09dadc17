//! The shell around a page with a session: the rail with its places, the bars of telephones, and who is logged in.

use std::ops::Deref;

use entrepot_core::admin::AdminSession;
use entrepot_model::AdminPermission as P;

use super::{AdminPage, Area, ClientPage, Look};

/// A place in the rail.
pub(crate) struct Place {
    /// Name, also of its texts: `nav.<id>`.
    pub(crate) id: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) href: String,
    pub(crate) is_here: bool,
}

/// What templates with a session are filled with, beside their own.
pub(crate) struct Shell {
    look: Look,
    pub(crate) area: Area,
    /// What forms carry.
    pub(crate) token: String,
    pub(crate) username: String,
    pub(crate) places: Vec<Place>,
    /// There are duties: nothing but them is offered.
    pub(crate) is_confined: bool,
}

impl Deref for Shell {
    type Target = Look;

    fn deref(&self) -> &Look {
        &self.look
    }
}

/// Places of administrators: id, sign, first page.
const ADMIN: [(&str, &str, &str); 9] = [
    ("overview", "overview", "overview"),
    ("activity", "activity", "activity"),
    ("people", "people", "users"),
    ("folders", "folder", "folders"),
    ("sharing", "share", "sharing"),
    ("automation", "automation", "eventrules"),
    ("security", "security", "defender"),
    ("settings", "settings", "configs"),
    ("maintenance", "wrench", "maintenance"),
];

/// Places of users.
const CLIENT: [(&str, &str, &str); 4] = [
    ("files", "folder", "files"),
    ("shared", "share", "shares"),
    ("recent", "history", "recent"),
    ("connect", "plug", "connect"),
];

impl Shell {
    /// Around a page of administrators; `here` is its place.
    pub(crate) fn admin(page: AdminPage, here: &str) -> Self {
        let is_confined = !page.session.duties().is_empty();
        let open = ADMIN.into_iter().filter(|(id, ..)| !is_confined && may_go(&page.session, id));
        let places = open.map(|(id, icon, path)| place(Area::Admin, id, icon, first_page(&page.session, id, path), here));
        Self {
            area: Area::Admin,
            token: page.form_token(),
            username: page.session.username().to_owned(),
            places: places.collect(),
            is_confined,
            look: page.look,
        }
    }

    /// Around a page of users; `here` is its place.
    pub(crate) fn client(page: ClientPage, here: &str) -> Self {
        let is_confined = !page.caller.duties().is_empty();
        // UI-140
        let shares = page.caller.user().may_share().is_ok();
        let open = CLIENT.into_iter().filter(|(id, ..)| !is_confined && (shares || *id != "shared"));
        let places = open.map(|(id, icon, path)| place(Area::Client, id, icon, path, here));
        Self {
            area: Area::Client,
            token: page.form_token(),
            username: page.caller.username().to_owned(),
            places: places.collect(),
            is_confined,
            look: page.look,
        }
    }

    /// Whether there is a search over everything.
    pub(crate) fn has_find(&self) -> bool {
        !self.is_confined
    }

    /// Where the area begins.
    pub(crate) fn home(&self) -> &'static str {
        self.area.home()
    }

    /// A page of the area.
    pub(crate) fn to(&self, name: &str) -> String {
        self.area.page(name)
    }

    /// Name of a place in the language.
    pub(crate) fn nav(&self, place: &Place) -> &'static str {
        self.t.find(&format!("nav.{}", place.id)).unwrap_or_default()
    }

    /// The places that fit in the bar of a telephone.
    pub(crate) fn bar(&self) -> &[Place] {
        &self.places[..self.places.len().min(4)]
    }

    /// Two letters for the sign of a person.
    pub(crate) fn initials(&self, name: &str) -> String {
        initials(name)
    }
}

fn place(area: Area, id: &'static str, icon: &'static str, path: &str, here: &str) -> Place {
    Place { id, icon, href: area.page(path), is_here: id == here }
}

/// UI-046: a place is offered to whom at least one of its pages is open.
fn may_go(session: &AdminSession, place: &str) -> bool {
    let any = |permissions: &[P]| permissions.iter().any(|permission| session.may(*permission));
    match place {
        "activity" => any(&[P::ViewConns, P::ViewEvents, P::ViewUsers]),
        "people" => any(&[P::ViewUsers, P::ManageGroups, P::ViewGroups, P::Any]),
        "sharing" => any(&[P::ViewUsers]),
        "folders" => any(&[P::ManageFolders, P::ViewFolders]),
        "security" => any(&[P::ViewDefender, P::ViewStatus, P::Any]),
        "automation" | "settings" => any(&[P::Any]),
        "maintenance" => any(&[P::Any, P::ViewStatus]),
        _ => true,
    }
}

/// The first page of a place that is open.
fn first_page(session: &AdminSession, place: &str, usual: &'static str) -> &'static str {
    match place {
        "people" if !session.may(P::ViewUsers) => "groups",
        "activity" if !session.may(P::ViewConns) && session.may(P::ViewEvents) => "events",
        "activity" if !session.may(P::ViewConns) => "why",
        "security" if !session.may(P::ViewDefender) => "status",
        "maintenance" if !session.may(P::Any) => "doctor",
        _ => usual,
    }
}

/// Two letters of a name: of its words, else its first two.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let (first, second) = (words.next().unwrap_or("?"), words.next());
    let letters: String = match second {
        Some(second) => first.chars().take(1).chain(second.chars().take(1)).collect(),
        None => first.chars().take(2).collect(),
    };
    letters.to_uppercase()
}

#[cfg(test)]
mod tests {
    #[test]
    fn initials_are_of_words_or_of_the_first_letters() {
        for (name, letters) in [("ana.lindqvist", "AL"), ("root", "RO"), ("x", "X"), ("", "?"), ("ö-ä", "ÖÄ")] {
            assert_eq!(super::initials(name), letters);
        }
    }
}
