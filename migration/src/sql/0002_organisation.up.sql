-- A place in the tree city → districts, by GB/T 2260 or a local namespace.
create table region (
    id {uuid} not null primary key,
    namespace {text} not null,
    code {text} not null,
    name {text} not null,
    parent_id {uuid} references region,
    valid_from {date} not null,
    valid_to {date},
    version {int} not null
){strict};
create unique index region_namespace_code on region (namespace, code);

-- A holder of assets (单位). Its fiscal level and its place are two different things.
create table unit (
    id {uuid} not null primary key,
    name {text} not null,
    kind {text} not null,
    credit_code {text} unique,
    parent_id {uuid} references unit,
    supervisor_id {uuid} references unit,
    fiscal_level {text} not null,
    fiscal_region_id {uuid} not null references region,
    place_region_id {uuid} not null references region,
    state {text} not null,
    successor_id {uuid} references unit,
    valid_from {date} not null,
    valid_to {date},
    version {int} not null
){strict};
create index unit_parent_id on unit (parent_id);

-- A row that a decision over several rows of one unit updates first: row versions do not stop write skew.
create table unit_guard (
    unit_id {uuid} not null primary key,
    n {int} not null
){strict};
