//! `categories`: system, edition, code, name, parent, kind, depreciation_months, has_disk, valid_from, valid_to.

use chrono::NaiveDate;
use entity::catalogue::{AssetKind, category};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::columns::{Header, may, must};
use super::run::Kept;
use super::table::Cells;
use crate::catalogue::forms::CategoryForm;
use crate::catalogue::steps::put_category;
use crate::fault::{Code, Fault, Rejection};
use crate::write::Tx;

/// Where a file does not say whose code it is.
const SYSTEM: &str = "GB/T 14885";
/// And of which edition.
const EDITION: &str = "2022";

pub(super) const HEADERS: &[Header] = &[
    may("system"),
    may("edition"),
    must("code"),
    must("name"),
    may("parent"),
    may("kind"),
    may("depreciation_months"),
    may("has_disk"),
    may("valid_from"),
    may("valid_to"),
];

/// How a file names a category.
#[derive(Clone, Debug)]
pub(super) struct Key {
    system: String,
    edition: String,
    code: String,
}

impl Key {
    pub(super) fn read(cells: &Cells, code: &str) -> Self {
        Self {
            system: cells.text("system").unwrap_or_else(|| SYSTEM.to_owned()),
            edition: cells.text("edition").unwrap_or_else(|| EDITION.to_owned()),
            code: cells.required(code),
        }
    }

    pub(super) fn text(&self, code: &str) -> String {
        format!("{}:{}:{code}", self.system, self.edition)
    }

    async fn find(&self, tx: &Tx, code: &str) -> Result<Option<category::Model>, Fault> {
        Ok(category::Entity::find()
            .filter(category::Column::System.eq(&self.system))
            .filter(category::Column::Edition.eq(&self.edition))
            .filter(category::Column::Code.eq(code))
            .one(tx.conn())
            .await?)
    }

    /// The category, which must be there.
    pub(super) async fn named(&self, tx: &Tx, field: &str) -> Result<category::Model, Fault> {
        let found = self.find(tx, &self.code).await?;
        found.ok_or_else(|| Rejection::new(Code::NotFound).at(field).into())
    }

    /// Its own name.
    pub(super) fn own(&self) -> String {
        self.text(&self.code)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    key: Key,
    name: String,
    parent: Option<String>,
    kind: Option<AssetKind>,
    depreciation_months: Option<i64>,
    has_disk: Option<bool>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

impl Row {
    pub(super) fn read(cells: &mut Cells) -> Self {
        let kinds = [("GENERAL", "通用"), ("VEHICLE", "车辆"), ("REAL_ESTATE", "房产"), ("SOFTWARE", "软件")];
        Self {
            key: Key::read(cells, "code"),
            name: cells.required("name"),
            parent: cells.text("parent"),
            kind: cells.one_of("kind", &kinds),
            depreciation_months: cells.number("depreciation_months"),
            has_disk: cells.flag("has_disk"),
            valid_from: cells.day("valid_from"),
            valid_to: cells.day("valid_to"),
        }
    }

    pub(super) fn keys(&self) -> Vec<String> {
        vec![self.key.own()]
    }

    pub(super) fn needs(&self) -> Vec<String> {
        self.parent.iter().map(|code| self.key.text(code)).collect()
    }

    pub(super) async fn put(&self, tx: &Tx) -> Result<Kept, Fault> {
        let parent = match &self.parent {
            Some(code) => {
                let found = self.key.find(tx, code).await?;
                Some(found.ok_or_else(|| Rejection::new(Code::NotFound).at("parentId"))?)
            }
            None => None,
        };
        let before = self.key.find(tx, &self.key.code).await?;
        let kept = before.as_ref();
        // A new category is of the kind of what it hangs below, and has a disk where that has.
        let has_disk = self.has_disk.or(kept.map(|row| row.has_disk));
        let has_disk = has_disk.or(parent.as_ref().map(|row| row.has_disk)).unwrap_or(false);
        let kind = self.kind.or(kept.map(|row| row.kind)).or(parent.as_ref().map(|row| row.kind));
        let form = CategoryForm {
            system: self.key.system.clone(),
            edition: self.key.edition.clone(),
            code: self.key.code.clone(),
            name: self.name.clone(),
            parent_id: parent.map(|row| row.id).or(kept.and_then(|row| row.parent_id)),
            kind: kind.unwrap_or(AssetKind::General),
            depreciation_months: self.depreciation_months.or(kept.and_then(|row| row.depreciation_months)),
            has_disk,
            valid_from: self.valid_from.or(kept.map(|row| row.valid_from)).unwrap_or(tx.today()),
            valid_to: self.valid_to.or(kept.and_then(|row| row.valid_to)),
        };
        match before {
            Some(row) if CategoryForm::from(&row) == form => Ok(Kept::Unchanged),
            Some(row) => put_category(tx, Some((row.id, row.version)), form).await.map(|_| Kept::Changed),
            None => put_category(tx, None, form).await.map(|_| Kept::Created),
        }
    }
}
