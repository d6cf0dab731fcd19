//! The rows of a batch of listings, table by table.

use entity::approvals::{approval_case, approval_step};
use entity::assets::{asset, asset_holding};
use entity::disposals::disposal;
use entity::listings::{asset_freeze, listing, listing_stock};
use entity::photos::photo;
use entity::requests::{request, request_line};
use entity::savings::saving_entry;
use entity::transfers::transfer;
use sea_orm::IntoActiveModel;

use super::notes::{self, Note};
use crate::bulk::insert;
use crate::fault::Fault;
use crate::write::Tx;

/// Rows that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) assets: Vec<asset::Model>,
    pub(super) holdings: Vec<asset_holding::Model>,
    pub(super) photos: Vec<photo::Model>,
    pub(super) listings: Vec<listing::Model>,
    pub(super) stocks: Vec<listing_stock::Model>,
    pub(super) freezes: Vec<asset_freeze::Model>,
    pub(super) disposals: Vec<disposal::Model>,
    pub(super) requests: Vec<request::Model>,
    pub(super) lines: Vec<request_line::Model>,
    pub(super) cases: Vec<approval_case::Model>,
    pub(super) steps: Vec<approval_step::Model>,
    pub(super) transfers: Vec<transfer::Model>,
    pub(super) savings: Vec<saving_entry::Model>,
    pub(super) notes: Vec<Note>,
}

impl Rows {
    /// Writes them, those that are referred to first.
    pub(super) async fn write(self, tx: &Tx) -> Result<(), Fault> {
        macro_rules! write {
            ($($rows:ident),+) => {
                $(insert(tx.conn(), self.$rows.into_iter().map(IntoActiveModel::into_active_model)).await?;)+
            };
        }
        write!(
            assets,
            holdings,
            photos, listings, stocks, freezes, disposals, requests, lines, cases, steps, transfers, savings
        );
        notes::write(tx, self.notes).await
    }
}
