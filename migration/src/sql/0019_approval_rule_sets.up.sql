-- Rules come in sets with a number. A set that is published never changes, so that a running case can keep its own; the one in
-- force on a day is the last that begins on it or before.
create table approval_rule_set (
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

drop table approval_rule;

-- One step, and the conditions under which a case needs it.
create table approval_rule (
    id {uuid} not null primary key,
    rule_set_id {uuid} not null references approval_rule_set,
    position {int} not null,
    name {text} not null,
    subject {text} not null,
    -- Steps of one stage go side by side.
    stage {int} not null,
    side {text} not null,
    level {text} not null,
    role {text} not null,
    due_days {int},
    conditions {json} not null
){strict};
create unique index approval_rule_rule_set_id_position on approval_rule (rule_set_id, position);

-- What a city starts with: the giver's head, then the office; for a request line the receiver's head, for goods that stay with
-- their holder the giver's head, who confirms that they are still there, then the office.
insert into approval_rule_set (id, number, name, note, valid_from, created_by, created_at, published_by, published_at, version) values
    ({id}'00000000000070008000000000020000', 1, '初始规则', '', '2000-01-01', null, '2000-01-01T00:00:00+00:00', null,
     '2000-01-01T00:00:00+00:00', 1);
insert into approval_rule (id, rule_set_id, position, name, subject, stage, side, level, role, due_days, conditions) values
    ({id}'00000000000070008000000000020001', {id}'00000000000070008000000000020000', 1, '持有单位负责人审批', 'LISTING', 1, 'GIVER', 'UNIT', 'HEAD', null, '{}'),
    ({id}'00000000000070008000000000020002', {id}'00000000000070008000000000020000', 2, '机关事务管理局审核', 'LISTING', 2, 'OFFICE', 'UNIT', 'OFFICE', null, '{}'),
    ({id}'00000000000070008000000000020003', {id}'00000000000070008000000000020000', 3, '申请单位负责人审批', 'REQUEST_LINE', 1, 'RECEIVER', 'UNIT', 'HEAD', null, '{}'),
    ({id}'00000000000070008000000000020004', {id}'00000000000070008000000000020000', 4, '持有单位确认', 'REQUEST_LINE', 2, 'GIVER', 'UNIT', 'HEAD', null, '{"custody":"VIRTUAL"}'),
    ({id}'00000000000070008000000000020005', {id}'00000000000070008000000000020000', 5, '机关事务管理局审核', 'REQUEST_LINE', 3, 'OFFICE', 'UNIT', 'OFFICE', null, '{}');

-- What a case was planned by, so that its plan can be made again; and what it adds to the batches of its units.
alter table approval_case add column rule_set_id {uuid} references approval_rule_set;
alter table approval_case add column facts {json};
alter table approval_case add column value {int} not null default 0;
alter table approval_case add column batch_id {uuid};
create index approval_case_giver_id_subject_opened_at on approval_case (giver_id, subject, opened_at);
create index approval_case_receiver_id_subject_opened_at on approval_case (receiver_id, subject, opened_at);

alter table approval_step add column stage {int} not null default 0;
update approval_step set stage = position;
alter table approval_step add column rule_id {uuid} references approval_rule;
alter table approval_step add column due_days {int};
alter table approval_step add column due_on {date};
alter table approval_step add column reminded_on {date};
alter table approval_step add column escalated_at {ts};
alter table approval_step add column decided_for {uuid} references account;
-- What is overdue anywhere.
create index approval_step_due_on on approval_step (due_on, id) where state = 'PENDING';

-- Days that are other than their weekday says: holidays, and days worked in their stead (调休).
create table calendar_day (
    day {date} not null primary key,
    working {bool} not null,
    name {text} not null,
    version {int} not null
){strict};

-- The notice of the State Council's office for 2026 (国务院办公厅关于2026年部分节假日安排的通知). Later years are entered by the office of the city.
insert into calendar_day (day, working, name, version) values
    ('2026-01-01', {no}, '元旦', 1),
    ('2026-01-02', {no}, '元旦', 1),
    ('2026-01-03', {no}, '元旦', 1),
    ('2026-01-04', {yes}, '元旦调休', 1),
    ('2026-02-14', {yes}, '春节调休', 1),
    ('2026-02-15', {no}, '春节', 1),
    ('2026-02-16', {no}, '春节', 1),
    ('2026-02-17', {no}, '春节', 1),
    ('2026-02-18', {no}, '春节', 1),
    ('2026-02-19', {no}, '春节', 1),
    ('2026-02-20', {no}, '春节', 1),
    ('2026-02-21', {no}, '春节', 1),
    ('2026-02-22', {no}, '春节', 1),
    ('2026-02-23', {no}, '春节', 1),
    ('2026-02-28', {yes}, '春节调休', 1),
    ('2026-04-04', {no}, '清明节', 1),
    ('2026-04-05', {no}, '清明节', 1),
    ('2026-04-06', {no}, '清明节', 1),
    ('2026-05-01', {no}, '劳动节', 1),
    ('2026-05-02', {no}, '劳动节', 1),
    ('2026-05-03', {no}, '劳动节', 1),
    ('2026-05-04', {no}, '劳动节', 1),
    ('2026-05-05', {no}, '劳动节', 1),
    ('2026-05-09', {yes}, '劳动节调休', 1),
    ('2026-06-19', {no}, '端午节', 1),
    ('2026-06-20', {no}, '端午节', 1),
    ('2026-06-21', {no}, '端午节', 1),
    ('2026-09-20', {yes}, '国庆节调休', 1),
    ('2026-09-25', {no}, '中秋节', 1),
    ('2026-09-26', {no}, '中秋节', 1),
    ('2026-09-27', {no}, '中秋节', 1),
    ('2026-10-01', {no}, '国庆节', 1),
    ('2026-10-02', {no}, '国庆节', 1),
    ('2026-10-03', {no}, '国庆节', 1),
    ('2026-10-04', {no}, '国庆节', 1),
    ('2026-10-05', {no}, '国庆节', 1),
    ('2026-10-06', {no}, '国庆节', 1),
    ('2026-10-07', {no}, '国庆节', 1),
    ('2026-10-10', {yes}, '国庆节调休', 1);

-- Somebody decides for somebody who is away.
create table delegation (
    id {uuid} not null primary key,
    from_account_id {uuid} not null references account,
    to_account_id {uuid} not null references account,
    valid_from {date} not null,
    valid_to {date} not null,
    reason {text} not null,
    created_at {ts} not null,
    ended_at {ts},
    version {int} not null
){strict};
create index delegation_to_account_id on delegation (to_account_id, valid_to);
create index delegation_from_account_id on delegation (from_account_id, id);
