//! The master key and what is derived from it.

use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use entity::audit::master_key_check;
use hmac::{Hmac, Mac};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, Set};
use sha2::Sha256;

use crate::db::Db;
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
                let outcome = write_private(path, &STANDARD.encode(key.0), ids);
                if outcome.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::AlreadyExists) {
                    // Another process made one at the same moment.
                    return Self::load_or_create(path, ids);
                }
                outcome.with_context(|| format!("cannot write the master key to {}", path.display()))?;
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
        mac(&self.0, purpose.as_bytes())
    }

    /// Refuses a key other than the one that the database was begun with. The first that opens it leaves a value by which
    /// every later one is known: another key could read nothing that is encrypted, and would sign what nobody accepts.
    ///
    /// # Errors
    /// When it is another key, with what to do; when the database does not answer.
    pub async fn must_be_that_of(&self, db: &Db) -> anyhow::Result<()> {
        let value = hex::encode(self.derive("key check"));
        let first = master_key_check::ActiveModel { id: Set(1), value: Set(value.clone()) };
        master_key_check::Entity::insert(first)
            .on_conflict(OnConflict::column(master_key_check::Column::Id).do_nothing().to_owned())
            .exec_without_returning(db.writer())
            .await?;
        let known = master_key_check::Entity::find_by_id(1).one(db.writer()).await?;
        anyhow::ensure!(
            known.is_some_and(|known| known.value == value),
            "this is not the master key that the database was begun with: give every process the same one, by MASTER_KEY \
             or by a copy of `master.key` in its data folder"
        );
        Ok(())
    }
}

/// HMAC-SHA-256.
#[must_use]
pub fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
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

/// Writes the whole file or none: it never exists half-written, lies on the disk when this returns, and replaces no other.
fn write_private(path: &Path, text: &str, ids: &Ids) -> std::io::Result<()> {
    use std::io::Write;
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(format!(".master-key-{}", hex::encode(ids.bytes::<8>())));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        // A link, not a renaming: that would take the place of a key that another process has just begun to use.
        .and_then(|()| std::fs::hard_link(&temporary, path));
    std::fs::remove_file(&temporary)?;
    written?;
    // The name, too: a folder is flushed like a file.
    #[cfg(unix)]
    std::fs::File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()?;
    Ok(())
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
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left behind");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn two_that_make_a_key_at_once_take_the_same_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let made: Vec<_> = std::thread::scope(|scope| {
            let make = || MasterKey::load_or_create(&path, &Ids::from_os()).unwrap().derive("x");
            let running: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|key| *key == made[0]));
    }

    #[tokio::test]
    async fn another_master_key_is_refused_with_what_to_do() {
        let (app, folder) = crate::testing::app().await;
        app.master_key().must_be_that_of(app.db()).await.unwrap();
        app.master_key().must_be_that_of(app.db()).await.unwrap();
        let other = MasterKey::load_or_create(&folder.path().join("other.key"), &Ids::from_os()).unwrap();
        let refused = other.must_be_that_of(app.db()).await.unwrap_err();
        assert!(refused.to_string().contains("MASTER_KEY"), "{refused}");
    }
}
