-- How many people or vehicles a unit is entitled to (编制), by date. Only the last day of a row ever changes.
create table unit_quota (
    id {uuid} not null primary key,
    unit_id {uuid} not null references unit,
    kind {text} not null,
    rank {text},
    count {int} not null,
    source {text} not null,
    valid_from {date} not null,
    valid_to {date},
    created_by {uuid} references account,
    created_at {ts} not null
){strict};
create index unit_quota_unit_id_kind_valid_from on unit_quota (unit_id, kind, valid_from);

-- A quantity cap of one unit that is other than the standard says, such as that of one that handles secrets.
create table unit_cap (
    id {uuid} not null primary key,
    unit_id {uuid} not null references unit,
    category_id {uuid} not null references category,
    cap_percent {int} not null,
    reason {text} not null,
    valid_from {date} not null,
    valid_to {date},
    created_by {uuid} references account,
    created_at {ts} not null
){strict};
create index unit_cap_unit_id_category_id on unit_cap (unit_id, category_id);

-- The office lets a unit ask for more although it has not confirmed what it was handed.
create table block_override (
    id {uuid} not null primary key,
    unit_id {uuid} not null references unit,
    reason {text} not null,
    until_day {date} not null,
    created_by {uuid} references account,
    created_at {ts} not null
){strict};
create index block_override_unit_id_until_day on block_override (unit_id, until_day);

alter table request add column over_cap_reason {text};

-- What a unit holds, has asked for, and has not confirmed.
create index asset_holder_id_category_id_active on asset (holder_id, category_id) where state = 'ACTIVE';
create index request_line_unit_id_state on request_line (unit_id, state);
create index transfer_receiver_id_in_transit on transfer (receiver_id, released_at) where state = 'IN_TRANSIT';
