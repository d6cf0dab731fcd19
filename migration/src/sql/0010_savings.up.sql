-- A line of the savings ledger (节约财政资金). Append-only: a correction is a contra entry.
create table saving_entry (
    id {uuid} not null primary key,
    seq {int} not null unique,
    entry {text} not null,
    method {text} not null,
    transfer_id {uuid} not null references transfer,
    contra_of {uuid} references saving_entry,
    asset_id {uuid} not null references asset,
    quantity {int} not null,
    amount {int} not null,
    recognised_at {ts} not null,
    civil_day {date} not null,
    giver_id {uuid} not null references unit,
    receiver_id {uuid} not null references unit,
    giver_region_id {uuid} not null references region,
    receiver_region_id {uuid} not null references region,
    giver_level {text} not null,
    receiver_level {text} not null,
    category_id {uuid} not null references category,
    custody {text} not null,
    mode {text} not null,
    repeat {bool} not null,
    standard_id {uuid} references allocation_standard,
    inputs {json} not null,
    hash {text} not null
){strict};
create unique index saving_entry_transfer_id_method_entry on saving_entry (transfer_id, method, entry);
create index saving_entry_method_civil_day_id on saving_entry (method, civil_day, id);
create index saving_entry_civil_day_id on saving_entry (civil_day, id);
create index saving_entry_giver_id_civil_day_id on saving_entry (giver_id, civil_day, id);
create index saving_entry_receiver_id_civil_day_id on saving_entry (receiver_id, civil_day, id);
create index saving_entry_category_id_civil_day_id on saving_entry (category_id, civil_day, id);
create index saving_entry_contra_of on saving_entry (contra_of) where contra_of is not null;
create index saving_entry_asset_id on saving_entry (asset_id);
