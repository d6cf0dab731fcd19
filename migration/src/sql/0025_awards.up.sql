-- How an offer is given: to who comes first, or by published rules to those who claimed it while its window was open.
alter table listing add column award_mode {text} not null default 'FIRST_COME';
-- Working days of its window; none: as the rule book says on the day when it opens.
alter table listing add column claim_window_days {int};
-- How badly it is needed, as the asker says and its head signs.
alter table request add column need {text} not null default 'ORDINARY';

-- Ranking rules come in sets with a number. A set that is published never changes; a window goes by the one that was in force
-- when it opened.
create table ranking_rule_set (
    id {uuid} not null primary key,
    number {int} not null unique,
    name {text} not null,
    note {text} not null,
    -- None: a draft.
    valid_from {date},
    created_by {uuid} references account,
    created_at {ts} not null,
    published_by {uuid} references account,
    published_at {ts},
    version {int} not null
){strict};
create index ranking_rule_set_valid_from on ranking_rule_set (valid_from, number);

-- What is looked at, how much it weighs, and how its points (0 to 100) are reckoned.
create table ranking_rule (
    id {uuid} not null primary key,
    rule_set_id {uuid} not null references ranking_rule_set,
    position {int} not null,
    criterion {text} not null,
    weight {int} not null,
    terms {json} not null
){strict};
create unique index ranking_rule_rule_set_id_position on ranking_rule (rule_set_id, position);

-- What a city starts with: need first, then who is near, who received little, and who asked early.
insert into ranking_rule_set (id, number, name, note, valid_from, created_by, created_at, published_by, published_at, version) values
    ({id}'00000000000070008000000000025000', 1, '初始择优规则', '', '2000-01-01', null, '2000-01-01T00:00:00+00:00', null,
     '2000-01-01T00:00:00+00:00', 1);
insert into ranking_rule (id, rule_set_id, position, criterion, weight, terms) values
    ({id}'00000000000070008000000000025001', {id}'00000000000070008000000000025000', 1, 'NEED_CLASS', 30, '{"points":[100,60,20]}'),
    ({id}'00000000000070008000000000025002', {id}'00000000000070008000000000025000', 2, 'NEEDED_BY', 10, '{"best":7,"worst":90}'),
    ({id}'00000000000070008000000000025003', {id}'00000000000070008000000000025000', 3, 'DISTANCE', 20, '{"points":[100,50,0]}'),
    ({id}'00000000000070008000000000025004', {id}'00000000000070008000000000025000', 4, 'PAST_SHARE', 30, '{"best":0,"worst":200000,"months":12}'),
    ({id}'00000000000070008000000000025005', {id}'00000000000070008000000000025000', 5, 'SENIORITY', 10, '{}');

-- The time in which claims to an offer are gathered, before they are ranked.
create table claim_window (
    listing_id {uuid} not null primary key references listing,
    rule_set_id {uuid} not null references ranking_rule_set,
    state {text} not null,
    opened_at {ts} not null,
    closes_at {ts} not null,
    -- Frozen time before this instant is in closes_at already.
    counted_to {ts} not null,
    -- SHA-256 of the seed of the draw.
    commitment {text} not null,
    closed_at {ts},
    -- Tickets of the queue from here on came too late.
    first_late {int},
    awarded_at {ts},
    -- Pieces that there were to give.
    available {int},
    -- The first seal of the audit that covers the closing, and its root.
    seal_seq {int},
    seal_root {text},
    seed {text},
    version {int} not null
){strict};
create index claim_window_open on claim_window (closes_at) where state = 'OPEN';
create index claim_window_closed on claim_window (closed_at) where state = 'CLOSED';

-- Where a claim came, and everything that it was ranked by.
create table claim_rank (
    line_id {uuid} not null primary key references request_line,
    listing_id {uuid} not null references claim_window,
    rank {int} not null,
    quantity {int} not null,
    score {int} not null,
    facts {json} not null,
    draw {text} not null,
    won {bool} not null
){strict};
create unique index claim_rank_listing_id_rank on claim_rank (listing_id, rank);
