-- An asset category (资产分类代码), keyed by system, edition and code: the same digits mean other things elsewhere.
create table category (
    id {uuid} not null primary key,
    system {text} not null,
    edition {text} not null,
    code {text} not null,
    name {text} not null,
    parent_id {uuid} references category,
    kind {text} not null,
    depreciation_months {int},
    has_disk {bool} not null,
    valid_from {date} not null,
    valid_to {date},
    version {int} not null
){strict};
create unique index category_system_edition_code on category (system, edition, code);
create index category_parent_id on category (parent_id);

-- An allocation standard (配置标准) by jurisdiction and date. Rows are never changed: a new revision ends the old one.
create table allocation_standard (
    id {uuid} not null primary key,
    region_id {uuid} references region,
    category_id {uuid} not null references category,
    rank {text},
    price_cap {int} not null,
    min_service_months {int} not null,
    cap_percent {int},
    source {text} not null,
    revision {int} not null,
    valid_from {date} not null,
    valid_to {date}
){strict};
create index allocation_standard_category_id_valid_from on allocation_standard (category_id, valid_from);

-- A field that must be filled before a step: data, so that a city can change it.
create table required_field (
    id {uuid} not null primary key,
    kind {text},
    source {text},
    step {text} not null,
    field {text} not null,
    valid_from {date} not null,
    valid_to {date}
){strict};

-- A number of the city's rule book, with dates.
create table city_setting (
    id {uuid} not null primary key,
    name {text} not null,
    value {int} not null,
    valid_from {date} not null
){strict};
create unique index city_setting_name_valid_from on city_setting (name, valid_from);
