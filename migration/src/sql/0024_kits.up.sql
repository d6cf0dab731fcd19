-- A kit (成套配置): what a work place is furnished with. Orders keep the names and numbers of their day.
create table kit (
    id {uuid} not null primary key,
    name {text} not null,
    note {text} not null,
    active {bool} not null,
    created_by {uuid} references account,
    created_at {ts} not null,
    version {int} not null
){strict};

-- So many pieces for so many places, of any of some categories.
create table kit_item (
    kit_id {uuid} not null references kit,
    position {int} not null,
    name {text} not null,
    pieces {int} not null,
    per_places {int} not null,
    least_condition {text} not null,
    required {bool} not null,
    primary key (kit_id, position)
){strict};

create table kit_item_category (
    kit_id {uuid} not null,
    position {int} not null,
    category_id {uuid} not null references category,
    primary key (kit_id, position, category_id),
    foreign key (kit_id, position) references kit_item
){strict};

-- A request that asks for a kit: what was wanted of each item, and what its lines hold of it.
create table kit_order (
    request_id {uuid} not null primary key references request,
    kit_id {uuid} references kit,
    name {text} not null,
    places {int} not null,
    created_at {ts} not null
){strict};

create table kit_order_item (
    request_id {uuid} not null references kit_order,
    position {int} not null,
    name {text} not null,
    required {bool} not null,
    wanted {int} not null,
    got {int} not null,
    primary key (request_id, position),
    check (got >= 0 and got <= wanted)
){strict};
