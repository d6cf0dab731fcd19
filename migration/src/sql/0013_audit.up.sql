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

-- A key that encrypts one subject's personal payloads: destroying it purges them, and the chain still verifies.
create table payload_key (
    subject_id {uuid} not null primary key,
    wrapped {text} not null,
    created_at {ts} not null
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
create index audit_seal_head_subject_id on audit_seal_head (subject_id);
