//! Credentials in headers: `Authorization: Bearer`, or `X-Auth-Email` with `X-Auth-Key`.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::refusal::{Refusal, codes};
use crate::catalog::Token;

/// The longest secret that is looked at, in octets.
const LONGEST: usize = 4096;

/// What a request has to show for itself. Each complete scheme counts: some SDKs send several at once.
pub(super) struct Credentials {
    /// The digest of what follows `Bearer`.
    bearer: Option<[u8; 32]>,
    /// An address, and the digest of what stands beside it.
    pair: Option<(String, [u8; 32])>,
}

impl Credentials {
    /// Reads the headers.
    ///
    /// # Errors
    /// When none of the schemes is complete.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let bearer = bearer(headers);
        let pair = pair(headers);
        match (bearer, pair) {
            (Ok(None), Ok(None)) => {
                let one = if headers.contains_key("x-auth-email") {
                    "X-Auth-Email stands alone: X-Auth-Key is missing"
                } else if headers.contains_key("x-auth-key") {
                    "X-Auth-Key stands alone: X-Auth-Email is missing"
                } else {
                    "Missing credentials: send Authorization: Bearer TOKEN, or X-Auth-Email and X-Auth-Key"
                };
                Err(Refusal::new(axum::http::StatusCode::BAD_REQUEST, codes::NO_CREDENTIALS, one))
            }
            (Err(refusal), Ok(None) | Err(_)) | (Ok(None), Err(refusal)) => Err(refusal),
            (bearer, pair) => Ok(Self { bearer: bearer.ok().flatten(), pair: pair.ok().flatten() }),
        }
    }

    /// Whose they are. All tokens are looked at, in a time that tells nothing of their digests.
    pub(super) fn token<'a, T: AsRef<Token>>(&self, tokens: impl IntoIterator<Item = &'a T>) -> Option<&'a T> {
        let mut found = None;
        for token in tokens {
            let Token { digest, email, .. } = token.as_ref();
            let bearer = self.bearer.is_some_and(|bearer| bool::from(bearer.ct_eq(digest)));
            let pair = self.pair.as_ref().is_some_and(|(address, key)| {
                let same = bool::from(key.ct_eq(digest));
                same & email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(address))
            });
            if bearer | pair {
                found = Some(token);
            }
        }
        found
    }
}

/// The digest under which a secret is kept.
pub(super) fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn bearer(headers: &HeaderMap) -> Result<Option<[u8; 32]>, Refusal> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let malformed =
        || Refusal::malformed_credentials(codes::CREDENTIALS_AUTHORIZATION, "Invalid format for Authorization header");
    let text = value.to_str().map_err(|_| malformed())?;
    // The scheme is without case (RFC 9110 §11.1).
    let (scheme, token) = text.split_once(' ').ok_or_else(malformed)?;
    let token = Zeroizing::new(token.trim().to_owned());
    let odd = token.is_empty() || token.len() > LONGEST || token.contains(char::is_whitespace);
    if !scheme.eq_ignore_ascii_case("bearer") || odd {
        return Err(malformed());
    }
    Ok(Some(digest(token.as_bytes())))
}

fn pair(headers: &HeaderMap) -> Result<Option<(String, [u8; 32])>, Refusal> {
    let (Some(email), Some(key)) = (headers.get("x-auth-email"), headers.get("x-auth-key")) else {
        return Ok(None);
    };
    let malformed = || Refusal::malformed_credentials(codes::CREDENTIALS_KEY, "Invalid format for X-Auth-Key header");
    let (email, key) = (email.to_str().map_err(|_| malformed())?, key.to_str().map_err(|_| malformed())?);
    if email.is_empty() || key.is_empty() || key.len() > LONGEST || key.contains(char::is_whitespace) {
        return Err(malformed());
    }
    Ok(Some((email.to_owned(), digest(key.as_bytes()))))
}
