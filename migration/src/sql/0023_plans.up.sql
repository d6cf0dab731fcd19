-- A plan of the office (调配方案): who gives what to whom, over many units, reserved all at once.
create table allocation_plan (
    id {uuid} not null primary key,
    number {text} not null unique,
    title {text} not null,
    reason {text} not null,
    document_number {text} not null,
    state {text} not null,
    objections_until {date},
    comment {text},
    created_by {uuid} not null references account,
    created_at {ts} not null,
    published_at {ts},
    submitted_by {uuid} references account,
    submitted_at {ts},
    reserved_at {ts},
    ended_at {ts},
    updated_at {ts} not null,
    version {int} not null
){strict};
create index allocation_plan_state_id on allocation_plan (state, id);

-- One line of a plan: pieces of a card, or of an offer that is there, from its holder to a receiver.
create table plan_line (
    id {uuid} not null primary key,
    plan_id {uuid} not null references allocation_plan,
    position {int} not null,
    asset_id {uuid} not null references asset,
    listing_id {uuid} references listing,
    giver_id {uuid} not null references unit,
    receiver_id {uuid} not null references unit,
    quantity {int} not null,
    state {text} not null,
    objections_until {date},
    over_cap_reason {text},
    version {int} not null,
    check (quantity > 0),
    check (giver_id <> receiver_id)
){strict};
create unique index plan_line_plan_id_position on plan_line (plan_id, position);
create index plan_line_giver_id_plan_id on plan_line (giver_id, plan_id);
create index plan_line_receiver_id_plan_id on plan_line (receiver_id, plan_id);

-- A unit speaks against a line that concerns it; the office answers.
create table plan_objection (
    id {uuid} not null primary key,
    plan_id {uuid} not null references allocation_plan,
    line_id {uuid} not null references plan_line,
    unit_id {uuid} not null references unit,
    reason {text} not null,
    state {text} not null,
    answer {text},
    created_by {uuid} not null references account,
    created_at {ts} not null,
    answered_by {uuid} references account,
    answered_at {ts},
    version {int} not null
){strict};
create index plan_objection_plan_id_id on plan_objection (plan_id, id);
create index plan_objection_line_id on plan_objection (line_id);

-- The request line by which a line of a plan is carried out: there is never a second one.
alter table request_line add column plan_line_id {uuid} references plan_line;
create unique index request_line_plan_line_id on request_line (plan_line_id) where plan_line_id is not null;
