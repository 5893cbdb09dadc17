//! The `model` room: what things ARE.
//!
//! It owns the objects of the REST contract (users, groups, folders, admins, roles, events, connections) with their JSON
//! form, their validation, the rules that merge groups into an effective user, and the pure questions one can ask of it
//! (permissions, file patterns, mounts, address and time filters).
//! It must not know any I/O, runtime, database, storage or protocol.
//! Every other room calls it; it imports nothing of ours.

pub mod admin;
pub mod api;
pub mod api_key;
pub mod certificate;
pub mod connection;
pub mod doctor;
pub mod effective;
pub mod event;
pub mod event_action;
pub mod event_rule;
pub mod filesystem;
pub mod filters;
pub mod folder;
pub mod glob;
pub mod group;
pub mod host_key;
pub mod ip_list;
pub mod login;
pub mod names;
pub mod path;
pub mod patterns;
pub mod permissions;
pub mod profile;
pub mod quota;
pub mod retention;
pub mod role;
pub mod secret;
pub mod setting;
pub mod share;
pub mod status;
pub mod template;
pub mod user;
pub mod validation;
pub mod verdict;
pub mod wire;

pub use admin::{Admin, AdminFilters, AdminGroupMapping, AdminPermission, AdminPreferences};
pub use api_key::{ApiKey, ApiKeyScope};
pub use effective::{EffectiveUser, MergeError, Rule};
pub use event_action::{ActionType, BaseEventAction};
pub use event_rule::{EventAction, EventRule, Trigger};
pub use filesystem::{FilesystemConfig, FsProvider};
pub use filters::{
    BandwidthLimit, BaseUserFilters, GroupFilters, HooksFilter, PasswordPolicy, RecoveryCode, TimePeriod, TotpConfig, UserFilters,
};
pub use folder::{BaseVirtualFolder, VirtualFolder};
pub use group::{Group, GroupMapping, GroupType, GroupUserSettings};
pub use ip_list::{IpListEntry, IpListMode, IpListType};
pub use login::{LoginMethod, Protocol};
pub use names::NamingRules;
pub use path::{MAX_NAME_BYTES, PathError, VirtualPath};
pub use patterns::{FilePatterns, PatternVerdict, PatternsFilter};
pub use permissions::{DirectoryPermissions, Permission, PermissionMap, PermissionSet};
pub use profile::{AdminProfile, UserProfile};
pub use role::Role;
pub use secret::{Secret, SecretStatus};
pub use share::{Share, ShareDraft, ShareScope};
pub use user::User;
pub use validation::{FieldError, ValidationRules};
