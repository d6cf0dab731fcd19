//! Photos: from the bytes a browser sends to three clean pictures behind signed addresses.
//!
//! - [`image`]: pure processing of one picture: real type, limits, upright, stripped, three sizes, perceptual hash.
//! - [`processor`]: the same behind a semaphore and off the async threads, reading from the store.
//! - [`store`]: where the bytes lie: a directory or S3, behind one enum.
//! - [`address`]: signed, expiring addresses for getting a photo and putting an upload.
//!
//! Nothing here knows the database; who may see which photo is decided by the use cases.

pub mod address;
pub mod image;
pub mod processor;
pub mod store;
