-- Who did what to which subject, chained by hash per subject.
create table audit_entry (
    id {uuid} not null primary key,
    subject_kind {text} not null,
    subject_id {uuid} not null,
    seq {int} not null,
    action {text} not null,
    actor_id {uuid},
    at {ts} not null,
    payload {text} not null,
    sealed_payload {bool} not null,
    payload_hash {text} not null,
    prev_hash {text} not null,
    hash {text} not null
){strict};
create unique index audit_entry_subject_kind_subject_id_seq on audit_entry (subject_kind, subject_id, seq);

-- A key that encrypts one subject's personal payloads: destroying it purges them, and the chain still verifies. The row
-- stays without its key, so that nobody makes a new one for what was to be forgotten.
create table payload_key (
    subject_id {uuid} not null primary key,
    wrapped {text},
    created_at {ts} not null,
    destroyed_at {ts},
    check ((wrapped is null) = (destroyed_at is not null))
){strict};

-- Tells whether a master key is the one that this database was begun with.
create table master_key_check (
    id {int} not null primary key check (id = 1),
    value {text} not null
){strict};

-- A seal over the heads that changed since the last one.
create table audit_seal (
    seq {int} not null primary key,
    at {ts} not null,
    event_seq {int} not null,
    heads {int} not null,
    merkle_root {text} not null,
    prev_root {text} not null,
    root {text} not null
){strict};

-- A head that a seal covers.
create table audit_seal_head (
    seal_seq {int} not null references audit_seal,
    subject_kind {text} not null,
    subject_id {uuid} not null,
    subject_seq {int} not null,
    hash {text} not null,
    primary key (seal_seq, subject_kind, subject_id)
){strict};
create index audit_seal_head_subject on audit_seal_head (subject_kind, subject_id, subject_seq);
