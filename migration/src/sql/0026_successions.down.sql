drop index warehouse_unit_id;
drop index listing_directed_to;
drop index unit_successor_id;
-- only postgres
alter table asset_holding drop column succession_id;
-- end
-- only sqlite
-- A column with a foreign key cannot be dropped there.
create table asset_holding_before (
    id {uuid} not null primary key,
    asset_id {uuid} not null references asset,
    unit_id {uuid} not null references unit,
    number {text},
    transfer_id {uuid},
    from_at {ts} not null,
    to_at {ts}
){strict};
insert into asset_holding_before select id, asset_id, unit_id, number, transfer_id, from_at, to_at from asset_holding;
drop table asset_holding;
alter table asset_holding_before rename to asset_holding;
create index asset_holding_asset_id_from_at on asset_holding (asset_id, from_at);
create index asset_holding_unit_id_number on asset_holding (unit_id, number);
-- end
drop table succession_share;
drop table succession_unit;
drop table succession;
