//! Beginnings of audit chains, with their events: what was loaded says so, and later changes continue from there.

use entity::audit::audit_entry;
use entity::events::{Subject, event};
use sea_orm::{IntoActiveModel, Set};
use serde_json::Value;
use uuid::Uuid;

use crate::audit::chain::{Link, hash_of};
use crate::bulk::insert;
use crate::fault::Fault;
use crate::write::Tx;

/// The first record of a subject.
///
/// [`Tx::record`] looks for the head of each subject's chain, one query each. What is loaded is new, so there is none.
#[derive(Debug)]
pub(super) struct Note {
    subject: Subject,
    id: Uuid,
    kind: &'static str,
    payload: Value,
}

impl Note {
    pub(super) fn new(subject: Subject, id: Uuid, kind: &'static str, payload: Value) -> Self {
        Self { subject, id, kind, payload }
    }
}

/// Writes the notes into trail and log, as of now: this is when they came into the database.
pub(super) async fn write(tx: &Tx, notes: Vec<Note>) -> Result<(), Fault> {
    let mut entries = Vec::with_capacity(notes.len());
    let mut events = Vec::with_capacity(notes.len());
    for note in notes {
        let payload = serde_json::to_string(&note.payload)?;
        let payload_hash = hash_of(&[&payload]);
        let hash = Link {
            prev_hash: "",
            subject_kind: note.subject,
            subject_id: note.id,
            seq: 1,
            action: note.kind,
            actor_id: None,
            at: tx.now(),
            payload_hash: &payload_hash,
        }
        .hash();
        entries.push(audit_entry::Model {
            id: tx.id(),
            subject_kind: note.subject,
            subject_id: note.id,
            seq: 1,
            action: note.kind.to_owned(),
            actor_id: None,
            at: tx.now(),
            payload,
            sealed_payload: false,
            payload_hash,
            prev_hash: String::new(),
            hash,
        });
        events.push(event::ActiveModel {
            id: Set(tx.id()),
            kind: Set(note.kind.to_owned()),
            subject_kind: Set(note.subject),
            subject_id: Set(note.id),
            subject_version: Set(1),
            actor_id: Set(None),
            payload: Set(note.payload),
            at: Set(tx.now()),
            ..Default::default()
        });
    }
    insert(tx.conn(), entries.into_iter().map(IntoActiveModel::into_active_model)).await?;
    insert(tx.conn(), events).await?;
    Ok(())
}
