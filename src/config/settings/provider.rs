//! Section `data_provider`.

use entrepot_secrets::{Algorithm, HashingParameters, PasswordPolicy};
use serde::Deserialize;

use super::SecretText;

/// Section `data_provider`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataProvider {
    /// Database: sqlite, or memory for nothing that lasts.
    pub driver: String,
    /// Database file; with the driver memory an optional dump loaded at start.
    pub name: String,
    /// Not used by the supported databases.
    pub host: String,
    /// Not used by the supported databases.
    pub port: u16,
    /// Not used by the supported databases.
    pub username: String,
    /// Not used by the supported databases.
    pub password: SecretText,
    /// Not used by the supported databases.
    pub password_file: String,
    /// Not used by the supported databases.
    pub sslmode: u32,
    /// Not used by the supported databases.
    pub root_cert: String,
    /// Not used by the supported databases.
    pub disable_sni: bool,
    /// Not used by the supported databases.
    pub target_session_attrs: String,
    /// Not used by the supported databases.
    pub client_cert: String,
    /// Not used by the supported databases.
    pub client_key: String,
    /// Path or `file:` URI of the database, instead of the name.
    pub connection_string: SecretText,
    /// Prefix of table names.
    pub sql_tables_prefix: String,
    /// Tracks used quota: 0 off, 1 of all users, 2 of users with limits and of folders.
    pub track_quota: u32,
    /// Seconds in which quota changes are gathered; 0 writes at once.
    pub delayed_quota_update: u32,
    /// Number of connections that read; 0 is automatic.
    pub pool_size: u32,
    /// Absolute folder below which the home of a user without one is made.
    pub users_base_dir: String,
    /// The hook on changes of objects.
    pub actions: ProviderActions,
    /// Program or URL that authenticates users.
    pub external_auth_hook: String,
    /// Bits: 1 password, 2 key, 4 interactive, 8 TLS certificate; 0 is all.
    pub external_auth_scope: u32,
    /// Program or URL called before a login.
    pub pre_login_hook: String,
    /// Program or URL called after a login.
    pub post_login_hook: String,
    /// Logins told to the hook: 0 all, 1 failed, 2 successful.
    pub post_login_scope: u32,
    /// Program or URL that checks passwords.
    pub check_password_hook: String,
    /// Bits: 1 SSH, 2 FTP, 4 DAV; 0 is all.
    pub check_password_scope: u32,
    /// Remembers verified passwords in memory for a short time.
    pub password_caching: bool,
    /// 0 makes and updates the schema at start, 1 only on command.
    pub update_mode: u32,
    /// Makes the first administrator from the environment.
    pub create_default_admin: bool,
    /// Bits: 1 any UTF-8 in names, 2 lower case, 4 trimmed.
    pub naming_rules: u32,
    /// 1 when several nodes share the database.
    pub is_shared: u32,
    /// Folder of backups.
    pub backups_path: String,
    /// How new passwords are hashed.
    pub password_hashing: PasswordHashing,
    /// Rules for new passwords.
    pub password_validation: PasswordValidation,
    /// This node of several.
    pub node: Node,
}

/// The hook on changes of objects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderActions {
    /// Changes of objects that call the hook: add, update, delete.
    pub execute_on: Vec<String>,
    /// Kinds of objects whose changes call the hook.
    pub execute_for: Vec<String>,
    /// Program or URL called on changes of objects.
    pub hook: String,
}

/// How new passwords are hashed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordHashing {
    /// Algorithm of new password hashes.
    pub algo: String,
    /// Parameters of bcrypt.
    pub bcrypt_options: BcryptOptions,
    /// Parameters of Argon2id.
    pub argon2_options: Argon2Options,
    /// Parameters of PBKDF2.
    pub pbkdf2_options: Pbkdf2Options,
}

/// Parameters of bcrypt.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BcryptOptions {
    /// Cost of bcrypt.
    pub cost: u32,
}

/// Parameters of Argon2id.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argon2Options {
    /// Memory of Argon2id in KiB.
    pub memory: u32,
    /// Passes of Argon2id.
    pub iterations: u32,
    /// Lanes of Argon2id.
    pub parallelism: u32,
}

/// Parameters of PBKDF2.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pbkdf2Options {
    /// Iterations of PBKDF2.
    pub iterations: u32,
    /// Bytes of the salt of PBKDF2.
    pub salt_length: u32,
}

/// Rules for new passwords.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordValidation {
    /// Rules for administrators.
    pub admins: PasswordRules,
    /// Rules for users without their own.
    pub users: PasswordRules,
}

/// Least entropy and numbers of characters of each kind; 0 asks for nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRules {
    /// Least entropy in bits of passwords of administrators; 0 is any.
    pub min_entropy: f64,
    /// Least length of passwords of administrators; 0 is any.
    pub length: u32,
    /// Least number of upper-case letters; 0 is none.
    pub uppers: u32,
    /// Least number of lower-case letters; 0 is none.
    pub lowers: u32,
    /// Least number of digits; 0 is none.
    pub digits: u32,
    /// Least number of other characters; 0 is none.
    pub specials: u32,
}

/// This node of several.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Address of this node for the others.
    pub host: String,
    /// Port of this node for the others.
    pub port: u16,
    /// Protocol between nodes.
    pub proto: String,
}

impl PasswordHashing {
    /// What new passwords are hashed with.
    pub fn parameters(&self) -> HashingParameters {
        HashingParameters {
            algorithm: Algorithm::from_name(&self.algo).unwrap_or_default(),
            argon2_memory: self.argon2_options.memory,
            argon2_iterations: self.argon2_options.iterations,
            argon2_parallelism: self.argon2_options.parallelism,
            bcrypt_cost: self.bcrypt_options.cost,
            pbkdf2_iterations: self.pbkdf2_options.iterations,
            pbkdf2_salt_length: usize::try_from(self.pbkdf2_options.salt_length).unwrap_or(usize::MAX),
        }
    }
}

impl PasswordRules {
    /// The numbers of characters.
    pub fn policy(&self) -> PasswordPolicy {
        PasswordPolicy {
            length: self.length,
            uppers: self.uppers,
            lowers: self.lowers,
            digits: self.digits,
            specials: self.specials,
        }
    }
}
