//! Users, groups, virtual folders, administrators, roles, event actions and rules, and shares.

mod admins;
mod api_keys;
mod choosing;
mod document;
mod event_actions;
mod event_rules;
mod folders;
mod groups;
mod invitations;
mod listing;
mod login;
mod relations;
mod roles;
mod second_factor;
mod shares;
mod status;
mod usage;
mod user_rows;
mod users;

pub use admins::Admins;
pub(crate) use admins::insert_admin;
pub use api_keys::ApiKeys;
pub use choosing::{Only, Sort};
pub use event_actions::EventActions;
pub use event_rules::EventRules;
pub use folders::Folders;
pub use groups::Groups;
pub use invitations::Invitation;
pub use listing::{ListOptions, Order};
pub use login::LoginRecord;
pub use roles::Roles;
pub use shares::Shares;
pub use usage::{FolderUsage, TransferDirection, UserUsage};
pub use users::{PasswordChange, Users};

pub(crate) use relations::refer;
pub(crate) use usage::{
    add_folder_usage, add_user_transfer, add_user_usage, mark_first_transfer, set_named_folder_usage, set_user_usage,
};
