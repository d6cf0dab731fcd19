-- An offer (上架) of an asset, or of a lot, to other units.
create table listing (
    id {uuid} not null primary key,
    asset_id {uuid} not null references asset,
    unit_id {uuid} not null references unit,
    custody {text} not null,
    state {text} not null,
    purpose {text} not null,
    directed_to {uuid} references unit,
    warehouse_id {uuid} references warehouse,
    note {text} not null,
    approval_number {text},
    reason {text},
    created_by {uuid} not null references account,
    created_at {ts} not null,
    submitted_at {ts},
    listed_at {ts},
    updated_at {ts} not null,
    version {int} not null
){strict};
create index listing_state_listed_at_id on listing (state, listed_at, id);
create index listing_unit_id_listed_at_id on listing (unit_id, listed_at, id);
create index listing_unit_id_created_at_id on listing (unit_id, created_at, id);
create index listing_asset_id on listing (asset_id);
create index listing_created_at_id on listing (created_at, id);

-- The stock counters of a listing. They change only by one conditional update and always sum to `offered`.
create table listing_stock (
    listing_id {uuid} not null primary key references listing,
    offered {int} not null,
    available {int} not null,
    held {int} not null,
    reserved {int} not null,
    in_transit {int} not null,
    delivered {int} not null,
    withdrawn {int} not null,
    lost {int} not null,
    queue_next {int} not null,
    check (available >= 0 and held >= 0 and reserved >= 0 and in_transit >= 0 and delivered >= 0 and withdrawn >= 0 and lost >= 0),
    check (offered = available + held + reserved + in_transit + delivered + withdrawn + lost)
){strict};

-- A freeze (stocktake, dispute, secrecy check): a scoped record, not a state.
create table asset_freeze (
    id {uuid} not null primary key,
    scope {text} not null,
    scope_id {uuid} not null,
    cause {text} not null,
    note {text} not null,
    created_by {uuid} not null references account,
    from_at {ts} not null,
    until_at {ts}
){strict};
create index asset_freeze_scope_id on asset_freeze (scope_id);
create index asset_freeze_open on asset_freeze (id) where until_at is null;
