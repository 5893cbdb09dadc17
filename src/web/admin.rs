//! The pages of administrators, below `/web/admin`: a file per topic, handlers that read the request, call one use case of
//! `core` and fill a template. The permission check is the use case's; pages only hide what would be refused.

mod account;
mod activity;
mod admins;
mod api_keys;
mod asking;
mod backups;
mod cells;
mod certificate;
mod charts;
mod event_actions;
mod event_rules;
mod events;
mod fields;
mod find;
mod folders;
mod groups;
mod host_keys;
mod invites;
mod ip_lists;
mod log;
mod maintenance;
mod moving;
mod object;
mod overview;
mod placeholders;
mod policy;
mod profile;
mod roles;
mod security;
mod settings;
mod setup;
mod sharing;
mod tabs;
mod user_actions;
mod user_sign_in;
mod users;
mod why;

use actix_web::web::ServiceConfig;
use entrepot_model::{Admin, ApiKey, BaseEventAction, BaseVirtualFolder, EventRule, Group, Role, User};

use crate::{
    door,
    frame::{AdminPage, Area},
    me,
};

/// All of them.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .configure(door::routes(Area::Admin))
        .configure(me::routes::<AdminPage>)
        .configure(overview::routes)
        .configure(activity::routes)
        .configure(events::routes)
        .configure(security::routes)
        .configure(ip_lists::routes)
        .configure(policy::routes)
        .configure(host_keys::routes)
        .configure(certificate::routes)
        .configure(maintenance::routes)
        .configure(backups::routes)
        .configure(log::routes)
        .configure(settings::routes)
        .configure(find::routes)
        .configure(profile::routes)
        .configure(setup::routes)
        .configure(sharing::routes)
        .configure(why::routes)
        .configure(invites::routes)
        .configure(user_actions::routes)
        .configure(object::routes::<User>)
        .configure(object::routes::<Group>)
        .configure(object::routes::<BaseVirtualFolder>)
        .configure(object::routes::<Role>)
        .configure(object::routes::<Admin>)
        .configure(object::routes::<ApiKey>)
        .configure(object::routes::<EventRule>)
        .configure(object::routes::<BaseEventAction>);
}

#[cfg(test)]
mod tests;
