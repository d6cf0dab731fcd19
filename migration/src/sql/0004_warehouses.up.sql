-- A physical warehouse (实体仓): hub or branch.
create table warehouse (
    id {uuid} not null primary key,
    code {text} not null unique,
    name {text} not null,
    unit_id {uuid} not null references unit,
    region_id {uuid} not null references region,
    area_m2 {int} not null,
    version {int} not null
){strict};

-- A zone, rack or bin of a warehouse.
create table storage_place (
    id {uuid} not null primary key,
    warehouse_id {uuid} not null references warehouse,
    parent_id {uuid} references storage_place,
    kind {text} not null,
    code {text} not null,
    name {text} not null,
    area_dm2 {int} not null,
    version {int} not null
){strict};
create unique index storage_place_warehouse_id_code on storage_place (warehouse_id, code);
