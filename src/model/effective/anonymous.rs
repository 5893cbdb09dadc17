//! Anonymous accounts (ACC-300, ACC-301).

use crate::{
    login::{LoginMethod, Protocol},
    permissions::Permission,
    user::User,
};

/// If the account is anonymous: everything is read only, and only passwords over FTP and WebDAV are left.
/// It happens on save and again after groups are merged.
pub(crate) fn transform(user: &mut User) {
    let filters = &mut user.filters.base;
    if !filters.is_anonymous {
        return;
    }
    for protocol in [Protocol::Ssh, Protocol::Http] {
        add(&mut filters.denied_protocols, protocol.as_str());
    }
    for method in LoginMethod::ALL.into_iter().filter(|m| *m != LoginMethod::Password) {
        add(&mut filters.denied_login_methods, method.as_str());
    }
    user.permissions.values_mut().for_each(|list| *list = vec![Permission::List, Permission::Download]);
}

fn add(list: &mut Vec<String>, value: &str) {
    if !list.iter().any(|v| v == value) {
        list.push(value.to_owned());
    }
}
