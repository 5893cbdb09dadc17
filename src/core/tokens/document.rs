//! Tokens of documents that are open in an office server: bound to an account and to one file (API-201, SEC-244). They end as
//! those of pages do, and with the session that the document was opened in.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use super::{Claims, DocumentClaims, Subject, Token, TokenError, TokenKind};
use crate::{Core, Result, accounts::Account};

impl Core {
    /// A token for a document of an account, given to `ip`.
    ///
    /// # Errors
    /// `Internal` when it cannot be signed.
    pub(crate) fn issue_document_token(&self, account: &Account, ip: IpAddr, document: DocumentClaims) -> Result<Token> {
        let claims = self.claims_of(Subject::of_user(TokenKind::Document, account, ip, self.clock().millis()));
        self.sign(Claims { document: Some(Box::new(document)), ..claims })
    }

    /// What a token of a document says, the address that it was given to, and its account, if that may go on. Rules about
    /// addresses are asked about the one that opened the document: the office server is nobody's client.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub(crate) async fn verify_document_token(
        &self,
        token: &str,
    ) -> Result<(Claims, DocumentClaims, IpAddr, Arc<Account>), TokenError> {
        let claims = self.verify_claims(token, TokenKind::Document, IpAddr::V4(Ipv4Addr::UNSPECIFIED))?;
        let document = claims.document.as_deref().cloned().ok_or(TokenError::Invalid)?;
        if !document.session.is_empty() && self.0.tokens.revoked.contains(&document.session) {
            return Err(TokenError::Revoked);
        }
        let ip = claims.aud.get(1).and_then(|address| address.parse().ok()).ok_or(TokenError::Invalid)?;
        let account = self.account_of(&claims, ip).await?;
        Ok((claims, document, ip, account))
    }
}
