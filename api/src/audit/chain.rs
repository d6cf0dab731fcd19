//! Hashes of the audit trail. Pure.

use chrono::{DateTime, Utc};
use entity::audit::{audit_entry, audit_seal};
use entity::events::Subject;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::keys::{self, MasterKey};

/// What an entry's hash covers, besides the hash before it.
#[derive(Debug)]
pub struct Link<'a> {
    /// Hash of the entry before; empty at the first.
    pub prev_hash: &'a str,
    /// What it is about.
    pub subject_kind: Subject,
    /// Which one.
    pub subject_id: Uuid,
    /// 1, 2, 3 … within the subject.
    pub seq: i64,
    /// What was done.
    pub action: &'a str,
    /// By whom.
    pub actor_id: Option<Uuid>,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// Hash of the payload as stored: a payload whose key was destroyed still verifies.
    pub payload_hash: &'a str,
}

impl<'a> Link<'a> {
    /// Of a stored row.
    #[must_use]
    pub fn of(row: &'a audit_entry::Model) -> Self {
        Self {
            prev_hash: &row.prev_hash,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            seq: row.seq,
            action: &row.action,
            actor_id: row.actor_id,
            at: row.at,
            payload_hash: &row.payload_hash,
        }
    }

    /// Hash of the entry, hex.
    #[must_use]
    pub fn hash(&self) -> String {
        let actor = self.actor_id.map(|id| id.to_string()).unwrap_or_default();
        hash_of(&[
            self.prev_hash,
            &self.subject_kind.to_string(),
            &self.subject_id.to_string(),
            &self.seq.to_string(),
            self.action,
            &actor,
            &self.at.timestamp_micros().to_string(),
            self.payload_hash,
        ])
    }
}

/// SHA-256 over the parts, each preceded by its length so that no two lists of parts look alike; hex.
#[must_use]
pub fn hash_of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Merkle root over leaves in the order given; a lone node moves up as it is. Empty for no leaves.
#[must_use]
pub fn merkle_root(mut level: Vec<String>) -> String {
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => hash_of(&["node", left, right]),
                lone => lone[0].clone(),
            })
            .collect();
    }
    level.pop().unwrap_or_default()
}

/// A leaf of the seal.
#[must_use]
pub fn leaf(kind: Subject, id: Uuid, seq: i64, hash: &str) -> String {
    hash_of(&["leaf", &kind.to_string(), &id.to_string(), &seq.to_string(), hash])
}

/// What the root of a seal covers.
#[derive(Debug)]
pub struct Sealed<'a> {
    /// 1, 2, 3 …
    pub seq: i64,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// The event log was covered up to here.
    pub event_seq: i64,
    /// How many heads.
    pub heads: i64,
    /// Merkle root over them.
    pub merkle_root: &'a str,
    /// Root of the seal before; empty at the first.
    pub prev_root: &'a str,
}

impl<'a> Sealed<'a> {
    /// Of a stored row.
    #[must_use]
    pub fn of(row: &'a audit_seal::Model) -> Self {
        Self {
            seq: row.seq,
            at: row.at,
            event_seq: row.event_seq,
            heads: row.heads,
            merkle_root: &row.merkle_root,
            prev_root: &row.prev_root,
        }
    }

    /// Root of the seal, hex. It is keyed: who can rewrite the tables but has not the master key cannot seal them again.
    #[must_use]
    pub fn root(&self, key: &[u8; 32]) -> String {
        let parts = hash_of(&[
            "seal",
            &self.seq.to_string(),
            &self.at.timestamp_micros().to_string(),
            &self.event_seq.to_string(),
            &self.heads.to_string(),
            self.merkle_root,
            self.prev_root,
        ]);
        hex::encode(keys::mac(key, parts.as_bytes()))
    }
}

/// The key that seals are made with.
#[must_use]
pub fn seal_key(master: &MasterKey) -> [u8; 32] {
    master.derive("audit seals")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        assert_ne!(hash_of(&["ab", "c"]), hash_of(&["a", "bc"]));
        assert_ne!(hash_of(&["a"]), hash_of(&["a", ""]));
    }

    #[test]
    fn every_leaf_matters_to_the_root() {
        let leaves: Vec<String> = (0..7).map(|n| hash_of(&[&n.to_string()])).collect();
        let root = merkle_root(leaves.clone());
        for changed in 0..leaves.len() {
            let mut other = leaves.clone();
            other[changed] = hash_of(&["other"]);
            assert_ne!(merkle_root(other), root);
        }
        assert_eq!(merkle_root(Vec::new()), "");
    }

    #[test]
    fn a_root_covers_all_of_its_seal_and_its_key() {
        let seal = |seq, event_seq, heads, merkle_root, prev_root| Sealed {
            seq,
            at: DateTime::UNIX_EPOCH,
            event_seq,
            heads,
            merkle_root,
            prev_root,
        };
        let root = seal(1, 5, 3, "m", "p").root(&[1; 32]);
        assert_eq!(root, seal(1, 5, 3, "m", "p").root(&[1; 32]));
        assert_ne!(root, seal(1, 5, 3, "m", "p").root(&[2; 32]));
        for other in [
            seal(2, 5, 3, "m", "p"),
            seal(1, 6, 3, "m", "p"),
            seal(1, 5, 4, "m", "p"),
            seal(1, 5, 3, "n", "p"),
            seal(1, 5, 3, "m", "q"),
        ] {
            assert_ne!(root, other.root(&[1; 32]), "{other:?}");
        }
    }
}
