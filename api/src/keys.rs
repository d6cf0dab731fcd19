//! The master key and what is derived from it.

use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::ids::Ids;

const NONCE: usize = 12;

/// One key for the whole installation, from a file or the environment. It signs addresses, seals, and encrypts the
/// keys of personal payloads; whoever restores a backup needs it.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// From 32 bytes in base64.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let bytes = STANDARD.decode(text.trim()).context("the master key is not base64")?;
        let bytes: [u8; 32] =
            bytes.try_into().map_err(|_| anyhow::anyhow!("the master key must be 32 bytes in base64"))?;
        Ok(Self(bytes))
    }

    /// Reads the file; where there is none, makes a key and writes it, readable by its owner alone.
    ///
    /// # Errors
    /// When the file cannot be read, written or understood.
    pub fn load_or_create(path: &Path, ids: &Ids) -> anyhow::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).with_context(|| format!("in {}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Self(ids.bytes());
                write_private(path, &STANDARD.encode(key.0))
                    .with_context(|| format!("cannot write the master key to {}", path.display()))?;
                Ok(key)
            }
            Err(error) => {
                Err(error).with_context(|| format!("cannot read the master key {}", path.display()))
            }
        }
    }

    /// A key for one purpose; purposes cannot be turned into each other or back.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Encrypts under `key`, bound to `context`: base64 of nonce and ciphertext.
///
/// # Errors
/// Never for inputs below 256 GiB.
pub fn encrypt(key: &[u8; 32], context: &[u8], plain: &[u8], ids: &Ids) -> anyhow::Result<String> {
    let nonce: [u8; NONCE] = ids.bytes();
    let cipher = ChaCha20Poly1305::new(Key::from_slice(key));
    let payload = chacha20poly1305::aead::Payload { msg: plain, aad: context };
    let sealed = cipher
        .encrypt(Nonce::from_slice(&nonce), payload)
        .map_err(|_| anyhow::anyhow!("too much to encrypt"))?;
    Ok(STANDARD.encode([nonce.as_slice(), &sealed].concat()))
}

/// Takes [`encrypt`] back.
///
/// # Errors
/// When key, context or text are not those of the encryption.
pub fn decrypt(key: &[u8; 32], context: &[u8], text: &str) -> anyhow::Result<Vec<u8>> {
    let bytes = STANDARD.decode(text).context("not base64")?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE).context("too short")?;
    let payload = chacha20poly1305::aead::Payload { msg: sealed, aad: context };
    ChaCha20Poly1305::new(Key::from_slice(key))
        .decrypt(Nonce::from_slice(nonce), payload)
        .map_err(|_| anyhow::anyhow!("wrong key, or the text was changed"))
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encrypted_comes_back_only_with_its_key_and_context() {
        let ids = Ids::seeded(1);
        let (key, other) = ([1; 32], [2; 32]);
        let text = encrypt(&key, b"account", "张三".as_bytes(), &ids).unwrap();
        assert_eq!(decrypt(&key, b"account", &text).unwrap(), "张三".as_bytes());
        assert!(decrypt(&other, b"account", &text).is_err());
        assert!(decrypt(&key, b"asset", &text).is_err());
    }

    #[test]
    fn a_key_file_is_made_once_and_is_private() {
        let folder = std::env::temp_dir().join(format!("keys-{}", hex::encode(Ids::from_os().bytes::<8>())));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("master.key");
        let first = MasterKey::load_or_create(&path, &Ids::from_os()).unwrap();
        let again = MasterKey::load_or_create(&path, &Ids::from_os()).unwrap();
        assert_eq!(first.derive("x"), again.derive("x"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
