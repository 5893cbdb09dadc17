//! Where the files of users are, in a database that moves to another data folder.

use rusqlite::Connection;

use crate::engine::connection::{close_for_moving, open_writer};
use crate::{Copies, StoreError};

/// Tables with a path in their document, and where it is.
const PATHS: [(&str, &str); 3] =
    [("user_account", "$.home_dir"), ("user_group", "$.user_settings.home_dir"), ("virtual_folder", "$.mapped_path")];

/// Changes homes of users and groups, and virtual folders, that lie in the folder `from` so that they lie in `to`, in copies
/// that nobody has open. Answers how many were changed.
///
/// # Errors
/// Those of the engine; nothing has changed then.
pub fn move_homes(copies: &Copies, from: &str, to: &str) -> Result<usize, StoreError> {
    let mut connection = open_writer(&copies.main, false)?;
    let moved = change(&mut connection, from.trim_end_matches('/'), to.trim_end_matches('/'))?;
    close_for_moving(connection, &copies.main)?;
    Ok(moved)
}

fn change(connection: &mut Connection, from: &str, to: &str) -> Result<usize, StoreError> {
    let transaction = connection.transaction()?;
    let mut moved = 0;
    for (table, place) in PATHS {
        let statement = format!(
            "UPDATE {table} SET document = json_set(document, ?1, ?3 || substr(document ->> ?1, length(?2) + 1))
             WHERE document ->> ?1 = ?2 OR substr(document ->> ?1, 1, length(?2) + 1) = ?2 || '/'"
        );
        moved += transaction.execute(&statement, (place, from, to))?;
    }
    transaction.commit()?;
    Ok(moved)
}
