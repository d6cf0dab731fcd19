-- A succession (单位撤并): units are merged, split or closed, and what they have and do passes to others.
create table succession (
    id {uuid} not null primary key,
    number {text} not null unique,
    kind {text} not null,
    state {text} not null,
    reason {text} not null,
    -- Number of the deciding paper (批文号).
    paper {text} not null,
    -- First day of the new order.
    effective_on {date} not null,
    -- Takes everything that no share names.
    successor_id {uuid} not null references unit,
    created_by {uuid} not null references account,
    created_at {ts} not null,
    announced_by {uuid} references account,
    announced_at {ts},
    started_at {ts},
    ended_at {ts},
    -- How far it is.
    cards {int} not null,
    renumbered {int} not null,
    listings {int} not null,
    lines {int} not null,
    transfers {int} not null,
    loans {int} not null,
    ended_lines {int} not null,
    version {int} not null
){strict};
create index succession_state_effective_on on succession (state, effective_on);

-- A unit that is succeeded, and its state before the announcement.
create table succession_unit (
    succession_id {uuid} not null references succession,
    unit_id {uuid} not null references unit,
    position {int} not null,
    was {text},
    primary key (succession_id, unit_id)
){strict};
create index succession_unit_unit_id on succession_unit (unit_id);

-- Cards that go to another successor: those named, those stored in a place, those of a category; all that is said must hold.
create table succession_share (
    succession_id {uuid} not null references succession,
    position {int} not null,
    unit_id {uuid} not null references unit,
    asset_ids {json} not null,
    place_id {uuid} references storage_place,
    category_id {uuid} references category,
    primary key (succession_id, position)
){strict};

-- Which succession brought a card to its holder.
alter table asset_holding add column succession_id {uuid} references succession;

-- Who a unit is the successor of.
create index unit_successor_id on unit (successor_id) where successor_id is not null;
-- What is left of a unit that is succeeded.
create index listing_directed_to on listing (directed_to) where directed_to is not null;
create index warehouse_unit_id on warehouse (unit_id);
