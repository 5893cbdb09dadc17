//! Virtual folders and their mounts (ACC-173..181, VF-001..011).

use super::{Faults, FieldError, ValidationRules, text};
use crate::{
    folder::{BaseVirtualFolder, VirtualFolder},
    names::NamingRules,
};

const FIELD: &str = "virtual_folders";
const MAX_SUBPATH_CHARS: usize = 191;

impl BaseVirtualFolder {
    /// Checks a folder and makes it uniform.
    ///
    /// # Errors
    /// The first fault.
    pub fn validate(&mut self, rules: &ValidationRules) -> Result<(), FieldError> {
        let mut faults = Faults::default();
        if let Some(value) = faults.take(rules.names.check("name", &self.name)) {
            self.name = value;
        }
        faults.note(text::description("description", &self.description));
        faults.note(self.filesystem.validate("folder", rules));
        if self.mapped_path.is_empty() && !self.filesystem.provider().is_some_and(|p| p.is_local()) {
            self.mapped_path = format!("{}/{}", rules.temp_dir, self.name);
        }
        if let Some(value) = faults.take(text::local_path("mapped_path", &self.mapped_path)) {
            self.mapped_path = value;
        }
        faults.end()
    }
}

/// Mounts of a user or group.
pub(super) fn mounts(mounts: &mut [VirtualFolder], names: NamingRules) -> Result<(), FieldError> {
    for mount in mounts.iter_mut() {
        mount.folder.name = names.check(&format!("{FIELD}.name"), &mount.folder.name)?;
        if mount.virtual_path.is_empty() {
            return Err(FieldError::new(FIELD, format!("virtual_path is mandatory in {FIELD}")));
        }
        mount.virtual_path = text::virtual_path(FIELD, &mount.virtual_path)?;
        check_quota(mount)?;
        check_subpath(mount)?;
    }
    for (index, mount) in mounts.iter().enumerate() {
        for other in &mounts[..index] {
            if other.virtual_path == mount.virtual_path {
                return Err(FieldError::new(FIELD, format!("{FIELD}: duplicated virtual path {:?}", mount.virtual_path)));
            }
            if other.folder.name == mount.folder.name && other.subpath == mount.subpath {
                let message = format!("{FIELD}: the folder {:?} is mapped twice without distinct sub-paths", mount.folder.name);
                return Err(FieldError::new(FIELD, message));
            }
        }
    }
    Ok(())
}

/// ACC-181
fn check_quota(mount: &VirtualFolder) -> Result<(), FieldError> {
    let (size, files) = (mount.quota_size, mount.quota_files);
    if (size == -1 && files == -1) || (size >= 0 && files >= 0) {
        return Ok(());
    }
    let message = format!("{FIELD}: quota_size and quota_files of {:?} must be both -1 or both at least 0", mount.virtual_path);
    Err(FieldError::new(FIELD, message))
}

/// ACC-180
fn check_subpath(mount: &mut VirtualFolder) -> Result<(), FieldError> {
    if mount.subpath.is_empty() {
        return Ok(());
    }
    mount.subpath = text::absolute_virtual_path(&format!("{FIELD}.subpath"), &mount.subpath)?;
    if mount.subpath == "/" {
        mount.subpath.clear();
    }
    if mount.subpath.chars().count() > MAX_SUBPATH_CHARS {
        return Err(FieldError::new(FIELD, format!("{FIELD}: subpath has more than {MAX_SUBPATH_CHARS} characters")));
    }
    Ok(())
}
