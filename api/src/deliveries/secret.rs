//! The secret of a webhook: shown once, kept encrypted by the master key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use crate::app::App;
use crate::keys;

/// How a secret begins, by the Standard Webhooks specification.
const PREFIX: &str = "whsec_";
/// Bytes of a secret; the specification asks for 24 to 64.
const LENGTH: usize = 32;

/// A secret on its way to whoever asked for it. It is nowhere printed.
pub(super) struct Secret([u8; LENGTH]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A new one.
    pub(super) fn make(app: &App) -> Self {
        Self(app.ids().bytes())
    }

    /// As the other system wants it.
    pub(super) fn shown(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    /// As it is kept, bound to its webhook.
    pub(super) fn sealed(&self, app: &App, webhook: Uuid) -> anyhow::Result<String> {
        keys::encrypt(&wrapping_key(app), webhook.as_bytes(), &self.0, app.ids())
    }

    /// Takes [`Secret::sealed`] back.
    pub(super) fn open(app: &App, webhook: Uuid, sealed: &str) -> anyhow::Result<Self> {
        let bytes = keys::decrypt(&wrapping_key(app), webhook.as_bytes(), sealed)?;
        Ok(Self(bytes.try_into().map_err(|_| anyhow::anyhow!("a webhook secret has the wrong length"))?))
    }

    /// The signature of a message, by the Standard Webhooks specification.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mac = keys::mac(&self.0, format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac))
    }
}

fn wrapping_key(app: &App) -> [u8; 32] {
    app.master_key().derive("webhook secrets")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn a_secret_comes_back_for_its_own_webhook_only_and_is_not_printed() {
        let (app, _folder) = testing::app().await;
        let secret = Secret::make(&app);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = secret.sealed(&app, one).unwrap();
        assert_eq!(Secret::open(&app, one, &sealed).unwrap().shown(), secret.shown());
        assert!(Secret::open(&app, other, &sealed).is_err());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
