//! Merging groups into a user (ACC-194..219).

use super::{
    MergeError,
    placeholders::{IfEmpty, Placeholders, Rendered},
};
use crate::{
    filesystem::{FilesystemConfig, FsProvider},
    filters::BaseUserFilters,
    folder::VirtualFolder,
    group::{Group, GroupType, GroupUserSettings},
    path::VirtualPath,
    user::User,
};

const DAY_MS: i64 = 86_400_000;

/// The user with its primary group, then its secondary groups in its own order (ACC-208).
pub(super) fn merge(user: &User, groups: &[Group]) -> Result<User, MergeError> {
    let mut merged = user.clone();
    let placeholders = Placeholders::of(user);
    for wanted in [GroupType::Primary, GroupType::Secondary] {
        for mapping in user.groups.iter().filter(|m| m.group_type() == Some(wanted)) {
            let group =
                groups.iter().find(|g| g.name == mapping.name).ok_or_else(|| MergeError::UnknownGroup(mapping.name.clone()))?;
            if wanted == GroupType::Primary {
                apply_primary(&mut merged, &group.user_settings, &placeholders)?;
            }
            apply_additive(&mut merged, group, wanted, &placeholders)?;
        }
    }
    share_quota_of_repeated_folders(&mut merged.virtual_folders);
    Ok(merged)
}

/// What only a primary group gives (ACC-201..206).
fn apply_primary(user: &mut User, settings: &GroupUserSettings, placeholders: &Placeholders<'_>) -> Result<(), MergeError> {
    if !settings.home_dir.is_empty() {
        user.home_dir = placeholders.render("home_dir", &settings.home_dir, IfEmpty::Refuse)?.text;
    }
    if settings.filesystem.provider == FsProvider::Local as i64 {
        if user.filesystem.provider == FsProvider::Local as i64 {
            let (own, theirs) = (&mut user.filesystem.osconfig, settings.filesystem.osconfig);
            fill(&mut own.read_buffer_size, theirs.read_buffer_size);
            fill(&mut own.write_buffer_size, theirs.write_buffer_size);
            user.filesystem.checksum_uploads |= settings.filesystem.checksum_uploads;
        }
    } else {
        user.filesystem = settings.filesystem.clone();
        render_filesystem(&mut user.filesystem, placeholders)?;
    }
    fill(&mut user.max_sessions, settings.max_sessions);
    fill(&mut user.quota_size, settings.quota_size);
    fill(&mut user.quota_files, settings.quota_files);
    fill(&mut user.upload_bandwidth, settings.upload_bandwidth);
    fill(&mut user.download_bandwidth, settings.download_bandwidth);
    if user.upload_data_transfer == 0 && user.download_data_transfer == 0 && user.total_data_transfer == 0 {
        user.upload_data_transfer = settings.upload_data_transfer;
        user.download_data_transfer = settings.download_data_transfer;
        user.total_data_transfer = settings.total_data_transfer;
    }
    if user.expiration_date == 0 && settings.expires_in > 0 {
        user.expiration_date = user.created_at.saturating_add(settings.expires_in.saturating_mul(DAY_MS));
    }
    apply_primary_filters(user, &settings.filters.base, placeholders)
}

fn apply_primary_filters(user: &mut User, theirs: &BaseUserFilters, placeholders: &Placeholders<'_>) -> Result<(), MergeError> {
    let has_tls = !user.filters.tls_certs.is_empty() || user.filters.base.has_tls_username();
    let own = &mut user.filters.base;
    if !has_tls && theirs.has_tls_username() {
        own.tls_username = theirs.tls_username.clone();
    }
    if own.start_directory.is_empty() && !theirs.start_directory.is_empty() {
        let rendered = placeholders.render("filters.start_directory", &theirs.start_directory, IfEmpty::Render)?;
        own.start_directory = clean("filters.start_directory", &rendered.text)?.to_string_lossy();
    }
    fill(&mut own.max_upload_file_size, theirs.max_upload_file_size);
    fill(&mut own.external_auth_cache_time, theirs.external_auth_cache_time);
    fill(&mut own.pre_login_cache_time, theirs.pre_login_cache_time);
    fill(&mut own.ftp_security, theirs.ftp_security);
    fill(&mut own.default_shares_expiration, theirs.default_shares_expiration);
    fill(&mut own.max_shares_expiration, theirs.max_shares_expiration);
    fill(&mut own.password_expiration, theirs.password_expiration);
    fill(&mut own.password_strength, theirs.password_strength);
    let (policy, group_policy) = (&mut own.password_policy, &theirs.password_policy);
    fill(&mut policy.length, group_policy.length);
    fill(&mut policy.uppers, group_policy.uppers);
    fill(&mut policy.lowers, group_policy.lowers);
    fill(&mut policy.digits, group_policy.digits);
    fill(&mut policy.specials, group_policy.specials);
    own.hooks.external_auth_disabled |= theirs.hooks.external_auth_disabled;
    own.hooks.pre_login_disabled |= theirs.hooks.pre_login_disabled;
    own.hooks.check_password_disabled |= theirs.hooks.check_password_disabled;
    own.disable_fs_checks |= theirs.disable_fs_checks;
    own.allow_api_key_auth |= theirs.allow_api_key_auth;
    own.is_anonymous |= theirs.is_anonymous;
    own.enforce_secure_algorithms |= theirs.enforce_secure_algorithms;
    Ok(())
}

/// What primary and secondary groups add (ACC-207, ACC-209..211).
fn apply_additive(user: &mut User, group: &Group, kind: GroupType, placeholders: &Placeholders<'_>) -> Result<(), MergeError> {
    add_permissions(user, &group.user_settings, kind, placeholders)?;
    add_folders(user, group, kind, placeholders)?;
    let (own, theirs) = (&mut user.filters.base, &group.user_settings.filters.base);
    for filter in &theirs.file_patterns {
        let path = strict_path("filters.file_patterns", &filter.path, placeholders)?;
        let is_present = own.file_patterns.iter().any(|f| is_same_path(&f.path, &path));
        if !is_present && (kind == GroupType::Primary || !path.is_root()) {
            let mut filter = filter.clone();
            filter.path = path.to_string_lossy();
            own.file_patterns.push(filter);
        }
    }
    append(&mut own.bandwidth_limits, &theirs.bandwidth_limits);
    append(&mut own.allowed_ip, &theirs.allowed_ip);
    append(&mut own.denied_ip, &theirs.denied_ip);
    append(&mut own.denied_login_methods, &theirs.denied_login_methods);
    append(&mut own.denied_protocols, &theirs.denied_protocols);
    append(&mut own.web_client, &theirs.web_client);
    append(&mut own.two_factor_protocols, &theirs.two_factor_protocols);
    append(&mut own.access_time, &theirs.access_time);
    append(&mut own.allowed_share_paths, &theirs.allowed_share_paths);
    append(&mut own.denied_share_paths, &theirs.denied_share_paths);
    append(&mut own.denied_share_scopes, &theirs.denied_share_scopes);
    Ok(())
}

fn add_permissions(
    user: &mut User,
    settings: &GroupUserSettings,
    kind: GroupType,
    placeholders: &Placeholders<'_>,
) -> Result<(), MergeError> {
    for (key, list) in &settings.permissions {
        let path = strict_path("permissions", key, placeholders)?;
        if path.is_root() {
            if kind == GroupType::Primary && !list.is_empty() {
                user.permissions.retain(|own, _| !is_same_path(own, &path));
                user.permissions.insert("/".into(), list.clone());
            }
        } else if !user.permissions.keys().any(|own| is_same_path(own, &path)) {
            user.permissions.insert(path.to_string_lossy(), list.clone());
        }
    }
    Ok(())
}

fn add_folders(user: &mut User, group: &Group, kind: GroupType, placeholders: &Placeholders<'_>) -> Result<(), MergeError> {
    for folder in &group.virtual_folders {
        let Some(folder) = render_folder(folder, placeholders)? else {
            continue;
        };
        let path = clean("virtual_folders", &folder.virtual_path)?;
        let is_present = user.virtual_folders.iter().any(|own| is_same_path(&own.virtual_path, &path));
        if !is_present && (kind == GroupType::Primary || !path.is_root()) {
            user.virtual_folders.push(folder);
        }
    }
    Ok(())
}

/// A group's mount for this user; `None` if it has to be dropped (ACC-218).
fn render_folder(folder: &VirtualFolder, placeholders: &Placeholders<'_>) -> Result<Option<VirtualFolder>, MergeError> {
    let mut rendered = folder.clone();
    let Rendered { text, has_empty } = placeholders.render("virtual_path", &folder.virtual_path, IfEmpty::Render)?;
    let path = clean("virtual_path", &text)?;
    if has_empty && path.is_root() {
        // A missing value must not turn a mount below `/` into one that replaces the root storage.
        return Ok(None);
    }
    rendered.virtual_path = path.to_string_lossy();
    if !folder.subpath.is_empty() {
        let Rendered { text, has_empty } = placeholders.render("subpath", &folder.subpath, IfEmpty::Render)?;
        if has_empty {
            return Ok(None);
        }
        rendered.subpath = clean("subpath", &text)?.to_string_lossy();
    }
    rendered.folder.mapped_path = placeholders.render("mapped_path", &folder.folder.mapped_path, IfEmpty::Refuse)?.text;
    render_filesystem(&mut rendered.folder.filesystem, placeholders)?;
    Ok(Some(rendered))
}

fn render_filesystem(filesystem: &mut FilesystemConfig, placeholders: &Placeholders<'_>) -> Result<(), MergeError> {
    for (field, template) in filesystem.templates_mut() {
        *template = placeholders.render(&format!("filesystem {field}"), template, IfEmpty::Refuse)?.text;
    }
    Ok(())
}

/// When a folder is mounted more than once, the limits of its first mount apply to all (ACC-214).
fn share_quota_of_repeated_folders(folders: &mut [VirtualFolder]) {
    for index in 1..folders.len() {
        let (before, after) = folders.split_at_mut(index);
        let (Some(folder), first) = (after.first_mut(), before) else {
            continue;
        };
        if let Some(first) = first.iter().find(|f| f.folder.name == folder.folder.name) {
            folder.quota_size = first.quota_size;
            folder.quota_files = first.quota_files;
        }
    }
}

/// A path that grants or restricts: rendered without its value it would apply to more than was meant.
fn strict_path(field: &str, template: &str, placeholders: &Placeholders<'_>) -> Result<VirtualPath, MergeError> {
    clean(field, &placeholders.render(field, template, IfEmpty::Refuse)?.text)
}

fn clean(field: &str, text: &str) -> Result<VirtualPath, MergeError> {
    VirtualPath::parse(text.as_bytes()).map_err(|e| MergeError::Invalid { field: field.to_owned(), message: e.to_string() })
}

fn is_same_path(text: &str, path: &VirtualPath) -> bool {
    VirtualPath::parse(text.as_bytes()).is_ok_and(|own| own == *path)
}

fn fill(own: &mut i64, theirs: i64) {
    if *own == 0 {
        *own = theirs;
    }
}

fn append<T: Clone + PartialEq>(own: &mut Vec<T>, theirs: &[T]) {
    for value in theirs {
        if !own.contains(value) {
            own.push(value.clone());
        }
    }
}
