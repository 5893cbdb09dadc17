//! REALPATH, READLINK, SYMLINK, `home-directory`, `expand-path@openssh.com`.

use entrepot_model::VirtualPath;

use super::{Context, Outcome, done, message};
use crate::{
    packet::{StatusCode, write_name},
    status::Failure,
};

fn name(id: u32, path: &VirtualPath) -> Outcome {
    Ok(message(path.as_bytes().len() * 2 + 32, |out| write_name(out, id, path.as_bytes())))
}

/// REALPATH (SFTP-008, SFTP-009, SFTP-055).
pub async fn real_path(context: Context, id: u32, path: VirtualPath) -> Outcome {
    name(id, &context.fs.real_path(&path).await?)
}

/// READLINK (SFTP-040).
pub async fn read_link(context: Context, id: u32, path: VirtualPath) -> Outcome {
    name(id, &context.fs.read_link(&path).await?)
}

/// SYMLINK (SFTP-038).
pub async fn make_symlink(context: Context, id: u32, target: Vec<u8>, link: VirtualPath) -> Outcome {
    done(id, context.fs.create_symlink(&target, &link).await)
}

/// `home-directory`: our own only (SFTP-007).
pub async fn home_directory(context: Context, id: u32, user: Vec<u8>) -> Outcome {
    if !user.is_empty() && user != context.session.user().user.username.as_bytes() {
        return Err(Failure::new(StatusCode::Failure, "no such user"));
    }
    name(id, &context.start)
}

/// `expand-path@openssh.com`: `~` and `~/…` are the start directory (SFTP-007).
pub async fn expand_path(context: Context, id: u32, path: Vec<u8>) -> Outcome {
    let path = match path.strip_prefix(b"~") {
        None => context.path(&path)?,
        Some(rest) if rest.is_empty() || rest.starts_with(b"/") => {
            let rest = rest.iter().position(|&byte| byte != b'/').map_or(&[][..], |at| &rest[at..]);
            context.path(rest)?
        }
        Some(_) => return Err(Failure::new(StatusCode::Failure, "the home directories of others are not known")),
    };
    real_path(context, id, path).await
}
