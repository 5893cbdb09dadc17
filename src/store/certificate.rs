//! The certificate that services without files of their own show (TLS-008). Its key was sealed before it came here.

use std::{fmt, sync::Arc};

use rusqlite::{OptionalExtension, params};

use crate::{
    StoreError,
    engine::{Database, Durability},
};

/// A certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCertificate {
    /// The chain in PEM form.
    pub chain: String,
    /// The sealed key.
    pub sealed_key: String,
    /// Services it is for, as bits.
    pub protocols: i64,
    /// When it was put here, in Unix milliseconds.
    pub updated_at: i64,
}

impl fmt::Debug for StoredCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCertificate")
            .field("sealed_key", &"***")
            .field("protocols", &self.protocols)
            .finish_non_exhaustive()
    }
}

/// The one certificate of the database.
#[derive(Clone)]
pub struct ServerCertificate {
    database: Arc<Database>,
}

impl ServerCertificate {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The certificate, if there is one.
    pub async fn get(&self) -> Result<Option<StoredCertificate>, StoreError> {
        self.database
            .read(|connection| {
                let sql = "SELECT chain, sealed_key, protocols, updated_at FROM server_certificate WHERE id = 1";
                let found = connection.prepare_cached(sql)?.query_row([], |row| {
                    Ok(StoredCertificate {
                        chain: row.get(0)?,
                        sealed_key: row.get(1)?,
                        protocols: row.get(2)?,
                        updated_at: row.get(3)?,
                    })
                });
                Ok(found.optional()?)
            })
            .await
    }

    /// Puts a certificate in the place of the one that is there.
    pub async fn put(&self, certificate: StoredCertificate) -> Result<(), StoreError> {
        self.database
            .write(Durability::Full, move |connection| {
                let StoredCertificate { chain, sealed_key, protocols, updated_at } = certificate;
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO server_certificate (id, chain, sealed_key, protocols, updated_at) \
                         VALUES (1, ?, ?, ?, ?)",
                    )?
                    .execute(params![chain, sealed_key, protocols, updated_at])?;
                Ok(())
            })
            .await
    }

    /// Removes it; answers whether there was one.
    pub async fn delete(&self) -> Result<bool, StoreError> {
        self.database
            .write(Durability::Full, |connection| {
                Ok(connection.prepare_cached("DELETE FROM server_certificate")?.execute([])? > 0)
            })
            .await
    }
}
