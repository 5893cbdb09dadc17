//! Configurations of S3, Google and Azure storage.

use super::{Faults, FieldError, ValidationRules, filesystem::missing, text};
use crate::{
    filesystem::{AzureBlobFsConfig, GcsConfig, S3Config},
    secret::Secret,
};

type Checked = Result<(), FieldError>;

/// S3-001..007
pub(super) fn s3(config: &mut S3Config) -> Checked {
    let mut faults = Faults::default();
    let field = |member: &str| format!("filesystem.s3config.{member}");
    faults.note(bucket(&field("bucket"), &config.bucket));
    if config.region.is_empty() && config.endpoint.is_empty() {
        faults.note(Err(FieldError::new(field("region"), "filesystem.s3config: region or endpoint is mandatory")));
    }
    if config.access_key.is_empty() != config.access_secret.is_empty() {
        let message = "filesystem.s3config: access_key and access_secret must be both set or both empty";
        faults.note(Err(FieldError::new(field("access_secret"), message)));
    }
    for (member, size) in [("upload_part_size", config.upload_part_size), ("download_part_size", config.download_part_size)] {
        if size != 0 {
            faults.note(text::one_of(&field(member), size, 5..=2000));
        }
    }
    faults.note(text::one_of(&field("upload_concurrency"), config.upload_concurrency, 0..=64));
    faults.note(text::one_of(&field("download_concurrency"), config.download_concurrency, 0..=64));
    faults.note(text::not_negative(&field("upload_part_max_time"), config.upload_part_max_time));
    faults.note(text::not_negative(&field("download_part_max_time"), config.download_part_max_time));
    config.checksum_algorithm = config.checksum_algorithm.to_ascii_lowercase();
    if !matches!(config.checksum_algorithm.as_str(), "" | "crc32" | "crc32c" | "crc64nvme" | "sha1" | "sha256") {
        faults.note(Err(FieldError::new(field("checksum_algorithm"), "invalid filesystem.s3config.checksum_algorithm")));
    }
    faults.note(key_prefix(&field("key_prefix"), &mut config.key_prefix));
    faults.end()
}

/// GCS-001, GCS-002, GCS-013
pub(super) fn gcs(config: &mut GcsConfig, rules: &ValidationRules) -> Checked {
    let mut faults = Faults::default();
    let field = |member: &str| format!("filesystem.gcsconfig.{member}");
    faults.note(bucket(&field("bucket"), &config.bucket));
    faults.note(text::one_of(&field("automatic_credentials"), config.automatic_credentials, 0..=1));
    faults.note(text::one_of(&field("hns"), config.hns, 0..=1));
    if config.automatic_credentials == 1 {
        config.credentials = Secret::default();
    } else if config.credentials.is_empty() {
        faults.note(Err(missing(&field("credentials"))));
    } else if config.credentials.is_plain() {
        faults.note(check_google_key(&field("credentials"), &config.credentials.payload, rules));
    }
    if !(0..=2000).contains(&config.upload_part_size) {
        config.upload_part_size = 0;
    }
    config.upload_part_max_time = config.upload_part_max_time.max(0);
    faults.note(key_prefix(&field("key_prefix"), &mut config.key_prefix));
    faults.end()
}

/// No storage has such names, and one with a slash would be two.
fn bucket(field: &str, name: &str) -> Checked {
    if name.trim().is_empty() {
        return Err(missing(field));
    }
    if name.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control()) {
        return Err(FieldError::new(field, format!("invalid {field} {name:?}")));
    }
    Ok(())
}

fn check_google_key(field: &str, json: &str, rules: &ValidationRules) -> Checked {
    let kind = serde_json::from_str::<serde_json::Value>(json).ok().and_then(|v| Some(v.get("type")?.as_str()?.to_owned()));
    match kind.as_deref() {
        Some("service_account") => Ok(()),
        Some(_) if rules.trusts_google_credentials => Ok(()),
        _ => Err(FieldError::new(field, format!("{field} must be the JSON key of a service account"))),
    }
}

/// AZ-001..004
pub(super) fn azure(config: &mut AzureBlobFsConfig) -> Checked {
    let mut faults = Faults::default();
    let field = |member: &str| format!("filesystem.azblobconfig.{member}");
    if config.sas_url.is_empty() {
        if config.container.is_empty() {
            faults.note(Err(missing(&field("container"))));
        }
        if config.account_name.is_empty() {
            faults.note(Err(missing(&field("account_name"))));
        }
    }
    if config.use_emulator && !config.endpoint.starts_with("http://") && !config.endpoint.starts_with("https://") {
        let message = "filesystem.azblobconfig.endpoint must include the scheme for the emulator";
        faults.note(Err(FieldError::new(field("endpoint"), message)));
    }
    faults.note(text::one_of(&field("upload_part_size"), config.upload_part_size, 0..=2000));
    faults.note(text::one_of(&field("download_part_size"), config.download_part_size, 0..=2000));
    faults.note(text::one_of(&field("upload_concurrency"), config.upload_concurrency, 0..=64));
    faults.note(text::one_of(&field("download_concurrency"), config.download_concurrency, 0..=64));
    if !matches!(config.access_tier.as_str(), "" | "Archive" | "Hot" | "Cool" | "Cold") {
        faults.note(Err(FieldError::new(field("access_tier"), "invalid filesystem.azblobconfig.access_tier")));
    }
    faults.note(key_prefix(&field("key_prefix"), &mut config.key_prefix));
    faults.end()
}

/// STO-008, ACC-263
fn key_prefix(field: &str, prefix: &mut String) -> Checked {
    if prefix.is_empty() {
        return Ok(());
    }
    let clean = text::resolve(prefix);
    if clean.is_empty() || clean.contains('\0') {
        return Err(FieldError::new(field, format!("invalid {field} {prefix:?}")));
    }
    *prefix = format!("{clean}/");
    Ok(())
}
