-- A hand-over (调剂): the asset and its book entry move without payment.
create table transfer (
    id {uuid} not null primary key,
    number {text} not null unique,
    line_id {uuid} not null references request_line,
    listing_id {uuid} not null references listing,
    asset_id {uuid} not null references asset,
    giver_id {uuid} not null references unit,
    receiver_id {uuid} not null references unit,
    warehouse_id {uuid} references warehouse,
    custody {text} not null,
    state {text} not null,
    quantity {int} not null,
    received {int} not null,
    refused {int} not null,
    lost {int} not null,
    approval_number {text},
    note {text} not null,
    released_by {uuid} not null references account,
    released_at {ts} not null,
    received_by {uuid} references account,
    received_at {ts},
    evidence {text},
    booked_out {text},
    booked_in {text},
    reversed_at {ts},
    version {int} not null
){strict};
create index transfer_line_id on transfer (line_id);
-- A page is merged from one page of each side that may see it.
create index transfer_warehouse_id_released_at_id on transfer (warehouse_id, released_at, id) where warehouse_id is not null;
create index transfer_giver_id_released_at_id on transfer (giver_id, released_at, id);
create index transfer_receiver_id_released_at_id on transfer (receiver_id, released_at, id);
create index transfer_released_at_id on transfer (released_at, id);
create index transfer_state_released_at_id on transfer (state, released_at, id);
create index transfer_listing_id_released_at_id on transfer (listing_id, released_at, id);
create index transfer_asset_id_state on transfer (asset_id, state);
