//! Signed addresses: who holds one may get one photo, or put one upload, until it expires.
//!
//! An `<img>` in a page carries no bearer token, so the address itself is the permission: the use case that checked
//! the caller's rights signs `(purpose, resource, expiry)`, and the route that serves bytes checks only that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, DurationRound, Utc};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::keys::MasterKey;

/// Names the key's use, so that the same master key never signs two things that could be taken for each other.
const KEY_PURPOSE: &str = "public-warehouse/photo-address/v1";

/// What an address permits. A signature for one purpose is worthless for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading one size of one photo.
    GetPhoto,
    /// Sending the bytes of one started upload.
    PutUpload,
    /// Sending the bytes of one announced import.
    PutImport,
    /// Reading the rows of an import that were not kept.
    GetReport,
}

impl Purpose {
    fn tag(self) -> &'static [u8] {
        match self {
            Purpose::GetPhoto => b"get-photo",
            Purpose::PutUpload => b"put-upload",
            Purpose::PutImport => b"put-import",
            Purpose::GetReport => b"get-report",
        }
    }
}

/// The two query parameters of a signed address; a route takes them by `axum::extract::Query<SignedQuery>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedQuery {
    /// Last second of validity, seconds since 1970 in UTC.
    pub expires: i64,
    /// HMAC-SHA256 in base64 for addresses, without padding.
    pub signature: String,
}

impl SignedQuery {
    /// The query string, without the question mark. Needs no escaping.
    pub fn to_query_string(&self) -> String {
        format!("expires={}&signature={}", self.expires, self.signature)
    }
}

/// Why an address is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// The signature is genuine, its time is over.
    #[error("this photo address has expired; load the page again to get a new one")]
    Expired,
    /// The address was changed, cut off, made for something else, or signed with a key no longer known.
    #[error("this photo address is not valid; load the page again to get a new one")]
    Invalid,
}

impl AddressFault {
    /// Stable code for programs.
    pub fn code(self) -> &'static str {
        match self {
            AddressFault::Expired => "PHOTO_ADDRESS_EXPIRED",
            AddressFault::Invalid => "PHOTO_ADDRESS_INVALID",
        }
    }

    /// The sentence in Chinese; [`std::fmt::Display`] is the English one.
    pub fn zh(self) -> &'static str {
        match self {
            AddressFault::Expired => "此照片地址已过期,请刷新页面获取新地址。",
            AddressFault::Invalid => "此照片地址无效,请刷新页面获取新地址。",
        }
    }
}

/// Signs and checks addresses. Cheap to clone; holds only derived keys, never the master key.
#[derive(Clone)]
pub struct AddressSigner {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for AddressSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddressSigner").finish_non_exhaustive()
    }
}

impl AddressSigner {
    /// A signer with a key derived from `master`.
    pub fn new(master: &MasterKey) -> Self {
        Self { key: derive(master) }
    }

    /// Signs the right to use `resource` for `purpose` up to and including `expires_at` (whole seconds).
    pub fn sign(&self, purpose: Purpose, resource: &str, expires_at: DateTime<Utc>) -> SignedQuery {
        let expires = expires_at.timestamp();
        let mac = message(self.key.clone(), purpose, resource, expires);
        SignedQuery { expires, signature: URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()) }
    }

    /// Checks an address. Compares in constant time, and looks at the time only when the signature is genuine, so
    /// that a forger learns nothing from which error it was.
    ///
    /// # Errors
    /// [`AddressFault::Invalid`] or [`AddressFault::Expired`].
    pub fn verify(
        &self,
        purpose: Purpose,
        resource: &str,
        query: &SignedQuery,
        now: DateTime<Utc>,
    ) -> Result<(), AddressFault> {
        let signature = URL_SAFE_NO_PAD.decode(&query.signature).map_err(|_| AddressFault::Invalid)?;
        // `verify_slice` compares in constant time.
        let mac = message(self.key.clone(), purpose, resource, query.expires);
        let genuine = mac.verify_slice(&signature).is_ok();
        match genuine {
            false => Err(AddressFault::Invalid),
            true if now.timestamp() > query.expires => Err(AddressFault::Expired),
            true => Ok(()),
        }
    }
}

/// When an address handed out now should expire: the next full hour and one more, so 60 to 120 minutes from now.
///
/// Rounded, because a browser caches by address: within an hour the same photo keeps the same address.
pub fn expiry_for(now: DateTime<Utc>) -> DateTime<Utc> {
    let hour = Duration::hours(1);
    // Truncation fails only for years that do not fit into nanoseconds (after 2262); then unrounded is right enough.
    now.duration_trunc(hour).unwrap_or(now) + hour + hour
}

fn derive(master: &MasterKey) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(&master.derive(KEY_PURPOSE)).expect("HMAC takes keys of any length")
}

/// Every part goes in with its length: no two different (purpose, resource, expiry) give the same bytes.
fn message(mac: Hmac<Sha256>, purpose: Purpose, resource: &str, expires: i64) -> Hmac<Sha256> {
    let tag = purpose.tag();
    mac.chain_update((tag.len() as u64).to_be_bytes())
        .chain_update(tag)
        .chain_update((resource.len() as u64).to_be_bytes())
        .chain_update(resource)
        .chain_update(expires.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(hour: u32, minute: u32, second: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 5, 4, hour, minute, second).unwrap()
    }

    fn master(byte: u8) -> MasterKey {
        MasterKey::parse(&base64::engine::general_purpose::STANDARD.encode([byte; 32])).unwrap()
    }

    fn signer() -> AddressSigner {
        AddressSigner::new(&master(7))
    }

    #[test]
    fn a_signed_address_holds_until_its_last_second_and_not_one_longer() {
        let query = signer().sign(Purpose::GetPhoto, "p1/small", at(10, 0, 0));
        let check = |now| signer().verify(Purpose::GetPhoto, "p1/small", &query, now);
        assert_eq!(check(at(9, 0, 0)), Ok(()));
        assert_eq!(check(at(10, 0, 0)), Ok(()));
        assert_eq!(check(at(10, 0, 1)), Err(AddressFault::Expired));
    }

    #[test]
    fn nothing_of_a_signed_address_can_be_exchanged() {
        let query = signer().sign(Purpose::GetPhoto, "p1/small", at(10, 0, 0));
        let now = at(9, 0, 0);
        let refused = |purpose, resource: &str, query: &SignedQuery| {
            assert_eq!(signer().verify(purpose, resource, query, now), Err(AddressFault::Invalid));
        };
        refused(Purpose::PutUpload, "p1/small", &query);
        refused(Purpose::GetPhoto, "p1/large", &query);
        refused(Purpose::GetPhoto, "p1/smal", &query);
        refused(Purpose::GetPhoto, "p1/small", &SignedQuery { expires: query.expires + 1, ..query.clone() });
        for signature in ["", "A", "!!!!", &query.signature[..42], &format!("{}A", query.signature)] {
            refused(
                Purpose::GetPhoto,
                "p1/small",
                &SignedQuery { signature: signature.to_owned(), ..query.clone() },
            );
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(&query.signature).unwrap();
        for i in 0..bytes.len() {
            bytes[i] ^= 1;
            let signature = URL_SAFE_NO_PAD.encode(&bytes);
            refused(Purpose::GetPhoto, "p1/small", &SignedQuery { signature, ..query.clone() });
            bytes[i] ^= 1;
        }
        let other = AddressSigner::new(&master(8));
        assert_eq!(other.verify(Purpose::GetPhoto, "p1/small", &query, now), Err(AddressFault::Invalid));
    }

    #[test]
    fn a_forged_address_that_is_also_expired_is_called_invalid() {
        let query = SignedQuery { expires: 0, signature: URL_SAFE_NO_PAD.encode([0; 32]) };
        let result = signer().verify(Purpose::GetPhoto, "p1/small", &query, at(9, 0, 0));
        assert_eq!(result, Err(AddressFault::Invalid));
    }

    #[test]
    fn addresses_stay_the_same_within_an_hour() {
        assert_eq!(expiry_for(at(9, 0, 0)), at(11, 0, 0));
        assert_eq!(expiry_for(at(9, 59, 59)), at(11, 0, 0));
        assert_eq!(expiry_for(at(10, 0, 0)), at(12, 0, 0));
    }

    #[test]
    fn the_signature_is_stable_across_versions_of_this_program() {
        // Addresses outlive a restart with a new version; a changed format would break every open page.
        let query = signer().sign(Purpose::GetPhoto, "p1/small", at(10, 0, 0));
        // The expected value was computed apart from this code, in Python.
        let expected = "expires=1777888800&signature=Sm4yL1YsSF-xgp-TD5B-J2ouYgB2UKOZSeYmf079k0o";
        assert_eq!(query.to_query_string(), expected);
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", signer()), "AddressSigner { .. }");
    }
}
