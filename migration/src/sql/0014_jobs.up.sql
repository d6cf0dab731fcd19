-- Work that goes on by itself: leased, idempotent, with its progress in the row.
create table job (
    id {uuid} not null primary key,
    kind {text} not null,
    dedup {text} unique,
    payload {json} not null,
    state {text} not null,
    run_at {ts} not null,
    lease_until {ts},
    fence {int} not null,
    attempts {int} not null,
    done {int} not null,
    total {int},
    error {text},
    created_by {uuid},
    created_at {ts} not null,
    finished_at {ts}
){strict};
create index job_state_run_at on job (state, run_at);
create index job_state_created_at_id on job (state, created_at, id);
create index job_created_at_id on job (created_at, id);
create index job_kind_created_at_id on job (kind, created_at, id);

-- The stored answer of a mutation, kept 7 days.
create table idempotency (
    actor_id {uuid} not null,
    key {text} not null,
    input_hash {text} not null,
    answer {json} not null,
    created_at {ts} not null,
    primary key (actor_id, key)
){strict};
create index idempotency_created_at on idempotency (created_at);

-- The last number given of a kind in a civil year.
create table number_series (
    kind {text} not null,
    year {int} not null,
    last {int} not null,
    primary key (kind, year)
){strict};
