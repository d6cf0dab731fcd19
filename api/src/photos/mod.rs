//! Photos: from the bytes a browser sends to three clean pictures behind signed addresses.
//!
//! Use cases, in the order of an upload:
//! - [`start_upload`]: announces it and gives a signed address to put the bytes to.
//! - [`receive`]: takes the bytes at that address.
//! - [`finish_upload`]: checks, unpacks, strips and shrinks them; nothing is served before that.
//! - [`remove`]: takes a photo off an asset.
//!
//! - [`attach`]: the same processing for pictures that come in an archive.
//!
//! Parts:
//! - [`image`]: pure processing of one picture: real type, limits, upright, stripped, three sizes, perceptual hash.
//! - [`processor`]: the same behind a semaphore and off the async threads, reading from the store.
//! - [`store`]: where the bytes lie: a directory or S3, behind one enum.
//! - [`address`]: signed, expiring addresses for getting a photo and putting an upload.
//! - [`read`]: photos of assets. Whoever may see the asset or its listing may see them.

pub mod address;
pub mod attach;
pub mod finish_upload;
pub mod graphql;
pub mod image;
pub mod processor;
pub mod purge;
pub mod read;
pub mod receive;
pub mod remove;
mod rights;
pub mod start_upload;
pub mod store;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use address::AddressSigner;
use image::Limits;
use processor::PhotoProcessor;
use store::PhotoStore;

use crate::keys::MasterKey;

/// Pictures unpacked at the same time: each may take 200 MB while it is.
const AT_ONCE: NonZeroUsize = NonZeroUsize::MIN;

/// What the photo slice works with.
#[derive(Clone, Debug)]
pub struct Photos {
    /// Where the bytes lie.
    pub store: PhotoStore,
    /// Who makes pictures of them.
    pub processor: PhotoProcessor,
    /// Who signs their addresses.
    pub signer: AddressSigner,
}

impl Photos {
    /// With the usual limits.
    #[must_use]
    pub fn new(store: PhotoStore, master: &MasterKey) -> Self {
        Self {
            store,
            processor: PhotoProcessor::new(AT_ONCE, Limits::default()),
            signer: AddressSigner::new(master),
        }
    }
}
