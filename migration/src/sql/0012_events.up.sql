-- The retained log: written in the transaction of what happened, read by followers by their own cursor.
create table event (
    seq {seq},
    id {uuid} not null unique,
    kind {text} not null,
    subject_kind {text} not null,
    subject_id {uuid} not null,
    subject_version {int} not null,
    actor_id {uuid},
    payload {json} not null,
    at {ts} not null
    -- only postgres
    -- A follower may pass a row only when every transaction before it has ended: see `pg_snapshot_xmin`.
    , xid xid8 not null default pg_current_xact_id()
    -- end
){strict};
create index event_subject_id_seq on event (subject_id, seq);
-- only postgres
create index event_xid_seq on event (xid, seq);
-- end
