//! Users and administrators in backups.

use entrepot_model::{Admin, User};
use entrepot_secrets::password;
use entrepot_store::PasswordChange;

use super::{
    Outcome, Scope,
    catalogues::{action, after, mounted},
    object::{Load, Restorable},
};
use crate::{
    Core, Error, Result,
    admin::{admins, check_root, invalid, passwords, rules, sealing, stored, users},
};

impl Restorable for User {
    const SCOPE: Scope = Scope::Users;

    fn name(&self) -> String {
        self.username.clone()
    }

    async fn complete(core: &Core, name: Option<String>, limit: u64) -> Result<Vec<Self>> {
        core.0.store.users().list_complete(after(name, limit)).await.map_err(stored)
    }

    async fn restore(mut self, load: &Load) -> Result<Outcome> {
        let (core, now) = (load.core(), load.core().clock().millis());
        let name = rules(core, true).names.apply(&self.username);
        let existed = core.0.store.users().get(&name).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        self.oidc_custom_fields.clear();
        self.validate(&rules(core, true)).map_err(invalid)?;
        check_root(core, "home_dir", &self.filesystem, &self.home_dir).await?;
        let hash = user_hash(core, &mut self, now).await?;
        let owner = self.username.clone();
        sealing::seal_filesystem(core, &mut self.filesystem, &owner)?;
        seal_second_factor(core, &mut self.filters.totp_config, &mut self.filters.recovery_codes, &owner)?;
        if !load.plan(Self::SCOPE, &owner, &user_references(&self)).await? {
            return Ok(Outcome::of(existed));
        }
        let users = core.0.store.users();
        let restored = if existed { users.overwrite(self, hash, now).await } else { users.restore(self, hash, now).await };
        let restored = restored.map_err(stored)?;
        users::forget(core, &owner);
        if existed && load.disconnects() {
            core.end_sessions(&owner);
        }
        users::finish(core, load.session(), action(existed), restored);
        Ok(Outcome::of(existed))
    }
}

/// The hash to store: one is taken as it is, a plain password is hashed and is of now (API-095, API-097).
async fn user_hash(core: &Core, user: &mut User, now: i64) -> Result<Option<String>> {
    let Some(given) = user.password.take().filter(|password| !password.is_empty()) else { return Ok(None) };
    if !password::is_hash_prefix(&given) {
        user.last_password_change = now;
    }
    passwords::of_user(core, user, &given).await.map(Some)
}

fn user_references(user: &User) -> Vec<(Scope, String)> {
    let role = Some(user.role.clone()).filter(|role| !role.is_empty()).map(|role| (Scope::Roles, role));
    let groups = user.groups.iter().map(|group| (Scope::Groups, group.name.clone()));
    role.into_iter().chain(groups).chain(mounted(&user.virtual_folders)).collect()
}

/// Secrets of a second factor that came in clear text (API-097).
fn seal_second_factor(
    core: &Core,
    totp: &mut entrepot_model::TotpConfig,
    codes: &mut [entrepot_model::RecoveryCode],
    owner: &str,
) -> Result<()> {
    let secrets = std::iter::once(&mut totp.secret).chain(codes.iter_mut().map(|code| &mut code.secret));
    for secret in secrets.filter(|secret| secret.is_plain() && !secret.is_empty()) {
        *secret = sealing::seal(&core.0.sealer, &secret.payload, owner)?;
    }
    Ok(())
}

impl Restorable for Admin {
    const SCOPE: Scope = Scope::Admins;

    fn name(&self) -> String {
        self.username.clone()
    }

    async fn complete(core: &Core, name: Option<String>, limit: u64) -> Result<Vec<Self>> {
        core.0.store.admins().list_complete(after(name, limit)).await.map_err(stored)
    }

    async fn restore(mut self, load: &Load) -> Result<Outcome> {
        let (core, now) = (load.core(), load.core().clock().millis());
        let name = rules(core, true).names.apply(&self.username);
        let existed = core.0.store.admins().get(&name).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        self.validate(&rules(core, true)).map_err(invalid)?;
        let hash = match self.password.take() {
            Some(password) => Some(passwords::of_admin(core, &password).await?),
            None if existed => None,
            None => return Err(Error::invalid("password", "a password is required")),
        };
        let owner = self.username.clone();
        seal_second_factor(core, &mut self.filters.totp_config, &mut self.filters.recovery_codes, &owner)?;
        if !load.plan(Self::SCOPE, &owner, &admin_references(&self)).await? {
            return Ok(Outcome::of(existed));
        }
        let admins = core.0.store.admins();
        let restored = match (existed, hash) {
            (false, hash) => admins.restore(self, hash, now).await,
            (true, Some(hash)) => admins.overwrite(self, PasswordChange::Set(hash), now).await,
            (true, None) => admins.overwrite(self, PasswordChange::Keep, now).await,
        };
        admins::finish(core, load.session(), action(existed), restored.map_err(stored)?);
        Ok(Outcome::of(existed))
    }
}

fn admin_references(admin: &Admin) -> Vec<(Scope, String)> {
    let role = Some(admin.role.clone()).filter(|role| !role.is_empty()).map(|role| (Scope::Roles, role));
    let groups = admin.groups.iter().map(|group| (Scope::Groups, group.name.clone()));
    role.into_iter().chain(groups).collect()
}
