//! `regions`: namespace, code, name, parent, valid_from, valid_to.

use chrono::NaiveDate;
use entity::organisation::region;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::columns::{Header, may, must};
use super::run::Kept;
use super::table::Cells;
use crate::fault::{Code, Fault, Rejection};
use crate::organisation::rules::RegionForm;
use crate::organisation::steps::put_region;
use crate::write::Tx;

/// Where a file does not say whose code it is.
const NAMESPACE: &str = "GB/T 2260";

pub(super) const HEADERS: &[Header] =
    &[may("namespace"), must("code"), must("name"), may("parent"), may("valid_from"), may("valid_to")];

#[derive(Clone, Debug)]
pub(super) struct Row {
    namespace: String,
    code: String,
    name: String,
    parent: Option<String>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

impl Row {
    pub(super) fn read(cells: &mut Cells) -> Self {
        let namespace = cells.text("namespace").unwrap_or_else(|| NAMESPACE.to_owned());
        Self {
            // A functional zone of a namespace of its own lies in a city of the national one.
            parent: cells.text("parent"),
            code: cells.required("code"),
            name: cells.required("name"),
            valid_from: cells.day("valid_from"),
            valid_to: cells.day("valid_to"),
            namespace,
        }
    }

    pub(super) fn keys(&self) -> Vec<String> {
        vec![format!("{}:{}", self.namespace, self.code)]
    }

    pub(super) fn needs(&self) -> Vec<String> {
        // Without a namespace it may be of the row's own or of the national one.
        self.parent
            .iter()
            .flat_map(|name| candidates(name, &self.namespace))
            .map(|(ns, code)| format!("{ns}:{code}"))
            .collect()
    }

    pub(super) async fn put(&self, tx: &Tx) -> Result<Kept, Fault> {
        let parent_id = match &self.parent {
            Some(name) => Some(find(tx, name, &self.namespace, "parentId").await?),
            None => None,
        };
        let before = by_code(tx, &self.namespace, &self.code).await?;
        let form = RegionForm {
            namespace: self.namespace.clone(),
            code: self.code.clone(),
            name: self.name.clone(),
            parent_id: parent_id.or(before.as_ref().and_then(|row| row.parent_id)),
            valid_from: self.valid_from.or(before.as_ref().map(|row| row.valid_from)).unwrap_or(tx.today()),
            valid_to: self.valid_to.or(before.as_ref().and_then(|row| row.valid_to)),
        };
        match before {
            Some(row) if RegionForm::from(&row) == form => Ok(Kept::Unchanged),
            Some(row) => put_region(tx, Some((row.id, row.version)), form).await.map(|_| Kept::Changed),
            None => put_region(tx, None, form).await.map(|_| Kept::Created),
        }
    }
}

/// What a name such as `420102` or `LOCAL:WH-DHGX` may mean.
fn candidates(name: &str, own: &str) -> Vec<(String, String)> {
    match name.rsplit_once(':') {
        Some((namespace, code)) => vec![(namespace.to_owned(), code.to_owned())],
        None => {
            let mut all = vec![(own.to_owned(), name.to_owned())];
            if own != NAMESPACE {
                all.push((NAMESPACE.to_owned(), name.to_owned()));
            }
            all
        }
    }
}

async fn by_code(tx: &Tx, namespace: &str, code: &str) -> Result<Option<region::Model>, Fault> {
    Ok(region::Entity::find()
        .filter(region::Column::Namespace.eq(namespace))
        .filter(region::Column::Code.eq(code))
        .one(tx.conn())
        .await?)
}

async fn find(tx: &Tx, name: &str, own: &str, field: &str) -> Result<Uuid, Fault> {
    for (namespace, code) in candidates(name, own) {
        if let Some(row) = by_code(tx, &namespace, &code).await? {
            return Ok(row.id);
        }
    }
    Err(Rejection::new(Code::NotFound).at(field).into())
}

/// A region as other files name it.
pub(super) async fn named(tx: &Tx, name: &str, field: &str) -> Result<Uuid, Fault> {
    find(tx, name, NAMESPACE, field).await
}
