-- Somebody outside who hears of events, with a place of its own in the log: from there it goes on.
create table delivery_endpoint (
    id {uuid} not null primary key,
    consumer {text} not null,
    active {bool} not null,
    log_seq {int} not null,
    position {int} not null
){strict};

-- The other system behind an endpoint that is a webhook.
create table webhook (
    id {uuid} not null primary key references delivery_endpoint,
    name {text} not null,
    url {text} not null,
    kinds {json} not null,
    secret {text} not null,
    switched_off {text},
    created_by {uuid} not null references account,
    created_at {ts} not null,
    version {int} not null
){strict};
create unique index webhook_name on webhook (name);

-- One event on its way to one endpoint. Of those about one subject, one is the head; the others stand behind it.
create table delivery (
    id {uuid} not null primary key,
    endpoint_id {uuid} not null references delivery_endpoint,
    position {int} not null,
    event_seq {int} not null,
    event_id {uuid} not null,
    event_kind {text} not null,
    subject_kind {text} not null,
    subject_id {uuid} not null,
    state {text} not null,
    run_at {ts} not null,
    lease_until {ts},
    fence {int} not null,
    attempts {int} not null,
    status {int},
    error {text},
    created_at {ts} not null,
    ended_at {ts}
){strict};
-- An event goes to an endpoint once, whoever reads the log.
create unique index delivery_endpoint_id_event_seq on delivery (endpoint_id, event_seq);
-- A subject has one head.
create unique index delivery_head on delivery (endpoint_id, subject_id) where state in ('WAITING', 'RUNNING', 'DEAD');
create index delivery_endpoint_id_subject_id_state on delivery (endpoint_id, subject_id, state, position);
create index delivery_endpoint_id_state_run_at on delivery (endpoint_id, state, run_at);
create index delivery_endpoint_id_state_lease_until on delivery (endpoint_id, state, lease_until);
create index delivery_endpoint_id_position on delivery (endpoint_id, position);
create index delivery_endpoint_id_state_position on delivery (endpoint_id, state, position);
create index delivery_state_ended_at on delivery (state, ended_at);
