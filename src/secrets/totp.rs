//! Time-based one-time passwords (RFC 6238) of six digits and 30 seconds, and the codes that replace a lost second factor.

use std::fmt;

use rand::RngExt as _;
use thiserror::Error;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::{sensitive::Sensitive, token::fill_random};

/// Bytes of a new secret: what RFC 4226 section 4 recommends.
const SECRET_BYTES: usize = 20;
/// Least bytes of a secret that somebody brings along (RFC 4226 section 4, requirement 6).
const LEAST_BYTES: usize = 16;
/// Characters of a recovery code after its prefix, and what they are: five bits each, without those that look alike.
const RECOVERY_LENGTH: usize = 22;
const RECOVERY_CHARACTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The digest beneath the HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TotpDigest {
    /// What every authenticator program knows.
    #[default]
    Sha1,
    /// Not known to all of them.
    Sha256,
    /// Not known to all of them.
    Sha512,
}

impl TotpDigest {
    /// The digest of that name in the settings.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => Algorithm::SHA1,
            Self::Sha256 => Algorithm::SHA256,
            Self::Sha512 => Algorithm::SHA512,
        }
    }
}

/// Why a text is no secret of one-time passwords. It holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TotpError {
    /// Not base32.
    #[error("the secret is not base32")]
    Encoding,
    /// Too short to be safe.
    #[error("the secret has less than {LEAST_BYTES} bytes")]
    TooShort,
    /// The name of the account cannot stand in a URL for authenticator programs.
    #[error("the account name cannot be used with authenticator programs")]
    Account,
}

/// What server and authenticator program share.
#[derive(Clone)]
pub struct TotpSecret(Sensitive<Vec<u8>>);

impl TotpSecret {
    /// A new random secret.
    pub fn generate() -> Self {
        let mut bytes = vec![0; SECRET_BYTES];
        fill_random(&mut bytes);
        Self(Sensitive::new(bytes))
    }

    /// The secret of a base32 text (RFC 4648 section 6), as people type it: blanks, case and padding do not matter.
    ///
    /// # Errors
    /// `Encoding`.
    pub fn parse(text: &str) -> Result<Self, TotpError> {
        let text: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '=' | '-')).collect();
        let secret = Secret::try_from_base32(text.to_ascii_uppercase()).map_err(|_| TotpError::Encoding)?;
        let bytes = secret.as_ref().to_vec();
        if bytes.is_empty() { Err(TotpError::Encoding) } else { Ok(Self(Sensitive::new(bytes))) }
    }

    /// As [`TotpSecret::parse`], for a secret that is to be stored.
    ///
    /// # Errors
    /// `Encoding`; `TooShort`.
    pub fn parse_new(text: &str) -> Result<Self, TotpError> {
        let secret = Self::parse(text)?;
        if secret.0.expose().len() < LEAST_BYTES { Err(TotpError::TooShort) } else { Ok(secret) }
    }

    /// Base32 without padding.
    pub fn to_base32(&self) -> String {
        Secret::from(self.0.expose().clone()).to_base32()
    }

    /// The code of a moment, in seconds since 1970.
    pub fn code(&self, digest: TotpDigest, seconds: u64) -> String {
        self.totp(digest).generate(seconds).to_string()
    }

    /// Whether `code` is the one of that moment or of a period beside it (SEC-099). Codes are compared in constant time.
    pub fn accepts(&self, digest: TotpDigest, code: &str, seconds: u64) -> bool {
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) && self.totp(digest).check(code, seconds).is_some()
    }

    /// The URL that authenticator programs read, usually from a picture.
    ///
    /// # Errors
    /// `Account` for a name with a colon.
    pub fn url(&self, digest: TotpDigest, issuer: &str, account: &str) -> Result<String, TotpError> {
        let named = self.builder(digest).with_issuer(Some(issuer)).with_account_name(account);
        named.build_noncompliant().to_url().map_err(|_| TotpError::Account)
    }

    fn totp(&self, digest: TotpDigest) -> Totp {
        self.builder(digest).build_noncompliant()
    }

    /// Six digits, 30 seconds, one period of tolerance: the defaults of the library, and fixed here.
    fn builder(&self, digest: TotpDigest) -> Builder {
        let secret = Secret::from(self.0.expose().clone());
        Builder::new().with_algorithm(digest.algorithm()).with_digits(6).with_step_duration(30).with_skew(1).with_secret(secret)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TotpSecret(***)")
    }
}

/// A code that stands in for a lost second factor, once: `RC-` and 110 random bits (SEC-112).
pub fn recovery_code() -> String {
    let mut generator = rand::rng();
    let mut code = String::from("RC-");
    let random = |_| char::from(RECOVERY_CHARACTERS[generator.random_range(0..RECOVERY_CHARACTERS.len())]);
    code.extend((0..RECOVERY_LENGTH).map(random));
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(bytes: &[u8]) -> TotpSecret {
        TotpSecret(Sensitive::new(bytes.to_vec()))
    }

    // RFC 6238 appendix B; the last six digits of its eight.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let twenty = b"12345678901234567890";
        let long: Vec<u8> = twenty.iter().copied().cycle().take(64).collect();
        let cases = [
            (TotpDigest::Sha1, &twenty[..], 59, "287082"),
            (TotpDigest::Sha1, twenty, 1_111_111_109, "081804"),
            (TotpDigest::Sha256, &long[..32], 59, "119246"),
            (TotpDigest::Sha512, &long, 59, "693936"),
            (TotpDigest::Sha512, &long, 20_000_000_000, "863826"),
        ];
        for (digest, bytes, seconds, code) in cases {
            assert_eq!(secret(bytes).code(digest, seconds), code);
            assert!(secret(bytes).accepts(digest, code, seconds));
        }
    }

    // SEC-099
    #[test]
    fn a_code_holds_for_its_period_and_one_on_each_side() {
        let secret = TotpSecret::generate();
        let code = secret.code(TotpDigest::Sha1, 3_000_000);
        for (seconds, accepted) in
            [(2_999_969, false), (2_999_970, true), (3_000_029, true), (3_000_059, true), (3_000_060, false)]
        {
            assert_eq!(secret.accepts(TotpDigest::Sha1, &code, seconds), accepted, "{seconds}");
        }
        for wrong in ["", "12345", "1234567", "abcdef", "١٢٣", &format!(" {code}")] {
            assert!(!secret.accepts(TotpDigest::Sha1, wrong, 3_000_000), "{wrong}");
        }
    }

    // SEC-102
    #[test]
    fn secrets_are_base32_of_enough_random_bytes() {
        let text = TotpSecret::generate().to_base32();
        assert_eq!(text.len(), 32);
        assert!(text.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte)), "{text}");
        assert_ne!(text, TotpSecret::generate().to_base32());
        let typed = TotpSecret::parse_new(&text.to_lowercase().replacen("", " ", 3)).expect("secret");
        assert_eq!(typed.to_base32(), text);
        assert_eq!(TotpSecret::parse_new("not base32!").err(), Some(TotpError::Encoding));
        assert_eq!(TotpSecret::parse("").err(), Some(TotpError::Encoding));
        assert_eq!(TotpSecret::parse_new("JBSWY3DP").err(), Some(TotpError::TooShort));
        assert!(TotpSecret::parse("JBSWY3DP").is_ok());
        assert_eq!(format!("{typed:?}"), "TotpSecret(***)");
    }

    // SEC-102
    #[test]
    fn urls_name_issuer_account_and_digest() {
        let secret = TotpSecret::generate();
        let url = secret.url(TotpDigest::Sha256, "My Server", "User \"ana\"").expect("url");
        assert!(url.starts_with("otpauth://totp/My%20Server:User%20%22ana%22?"), "{url}");
        assert!(url.contains(&format!("secret={}", secret.to_base32())) && url.contains("issuer=My%20Server"), "{url}");
        assert!(url.contains("algorithm=SHA256"), "{url}");
    }

    // SEC-112
    #[test]
    fn recovery_codes_are_long_and_differ() {
        let code = recovery_code();
        let random = code.strip_prefix("RC-").expect("prefix");
        assert!(random.len() == 22 && random.bytes().all(|byte| RECOVERY_CHARACTERS.contains(&byte)), "{code}");
        assert_ne!(code, recovery_code());
    }
}
