-- An asset card (资产卡片): keeps its identity over every transfer.
create table asset (
    id {uuid} not null primary key,
    kind {text} not null,
    source {text} not null,
    state {text} not null,
    holder_id {uuid} not null references unit,
    number {text},
    category_id {uuid} references category,
    name {text} not null,
    brand {text} not null,
    model {text} not null,
    serial {text},
    serial_key {text},
    description {text} not null,
    condition {text},
    place {text} not null,
    bin_id {uuid} references storage_place,
    quantity {int} not null,
    measure {text} not null,
    value {int},
    value_basis {text} not null,
    acquired_on {date},
    funding_source {text} not null,
    depreciation_months {int},
    min_service_months {int},
    restricted {bool} not null,
    erasure_record {text},
    details {json} not null,
    parent_id {uuid} references asset,
    created_by {uuid} not null references account,
    created_at {ts} not null,
    updated_at {ts} not null,
    version {int} not null
){strict};
create unique index asset_holder_id_number on asset (holder_id, number) where state = 'ACTIVE' and number is not null;
create index asset_serial_key on asset (serial_key) where serial_key is not null;
create index asset_holder_id_id on asset (holder_id, id);
create index asset_number_id on asset (number, id) where number is not null;
create index asset_category_id_id on asset (category_id, id);
create index asset_condition on asset (condition);
create index asset_kind_id on asset (kind, id);
create index asset_state_id on asset (state, id);
create index asset_parent_id on asset (parent_id) where parent_id is not null;

-- Who held an asset under which number, from when to when.
create table asset_holding (
    id {uuid} not null primary key,
    asset_id {uuid} not null references asset,
    unit_id {uuid} not null references unit,
    number {text},
    transfer_id {uuid},
    from_at {ts} not null,
    to_at {ts}
){strict};
create index asset_holding_asset_id_from_at on asset_holding (asset_id, from_at);
create index asset_holding_unit_id_number on asset_holding (unit_id, number);

-- A suspected duplicate that the caller may not see: it goes to the office.
create table duplicate_case (
    id {uuid} not null primary key,
    asset_id {uuid} not null references asset,
    other_id {uuid} not null references asset,
    created_at {ts} not null,
    resolved_at {ts}
){strict};
create index duplicate_case_other_id on duplicate_case (other_id);
create index duplicate_case_open on duplicate_case (id) where resolved_at is null;
create unique index duplicate_case_asset_id_other_id on duplicate_case (asset_id, other_id);
