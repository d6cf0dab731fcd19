-- A loan (借用): use moves for a range of civil days, ownership does not. It is its own booking: pieces and days.
create table loan (
    id {uuid} not null primary key,
    number {text} not null unique,
    listing_id {uuid} not null references listing,
    unit_id {uuid} not null references unit,
    giver_id {uuid} not null references unit,
    warehouse_id {uuid} references warehouse,
    custody {text} not null,
    quantity {int} not null,
    day_from {date} not null,
    day_to {date} not null,
    first_day_to {date} not null,
    asked_to {date},
    justification {text} not null,
    state {text} not null,
    reason {text},
    comment {text},
    lent {int} not null,
    returned {int} not null,
    good {int} not null,
    damaged {int} not null,
    lost {int} not null,
    converting {int} not null,
    converted {int} not null,
    damage_cost {int} not null,
    hold_expires_at {ts},
    created_by {uuid} not null references account,
    created_at {ts} not null,
    handed_over_by {uuid} references account,
    handed_over_at {ts},
    handed_over_note {text},
    received_by {uuid} references account,
    received_at {ts},
    received_note {text},
    received_on {date},
    changed_on {date},
    returned_on {date},
    accrued_to {date},
    overdue_told_on {date},
    updated_at {ts} not null,
    version {int} not null,
    check (day_from <= day_to),
    check (lent >= 0 and returned >= 0 and good >= 0 and damaged >= 0 and lost >= 0 and converting >= 0 and converted >= 0),
    check (quantity = lent + returned + good + damaged + lost + converting + converted)
){strict};
-- What is booked of a listing: few rows of each, however many loans are over.
create index loan_booked on loan (listing_id, day_to) where state in ('REQUESTED', 'APPROVED', 'HANDED_OVER', 'ON_LOAN', 'RETURNED');
-- A page of loans is merged from one page of each side that may see them.
create index loan_unit_id_id on loan (unit_id, id);
create index loan_giver_id_id on loan (giver_id, id);
create index loan_warehouse_id_id on loan (warehouse_id, id) where warehouse_id is not null;
create index loan_listing_id_id on loan (listing_id, id);
create index loan_state_id on loan (state, id);
-- So is a page of what is out, the longest due first.
create index loan_due on loan (day_to, id) where state in ('HANDED_OVER', 'ON_LOAN');
create index loan_due_unit_id on loan (unit_id, day_to, id) where state in ('HANDED_OVER', 'ON_LOAN');
create index loan_due_giver_id on loan (giver_id, day_to, id) where state in ('HANDED_OVER', 'ON_LOAN');
create index loan_due_warehouse_id on loan (warehouse_id, day_to, id) where state in ('HANDED_OVER', 'ON_LOAN');
-- What the jobs look for.
create index loan_hold_expires_at on loan (hold_expires_at) where state = 'REQUESTED';
create index loan_not_collected on loan (day_to) where state in ('REQUESTED', 'APPROVED');
create index loan_accrued_to on loan (accrued_to) where state = 'ON_LOAN';

-- What was found when pieces came back from a loan.
create table loan_inspection (
    id {uuid} not null primary key,
    loan_id {uuid} not null references loan,
    good {int} not null,
    damaged {int} not null,
    lost {int} not null,
    note {text},
    cost {int},
    created_by {uuid} not null references account,
    created_at {ts} not null
){strict};
create index loan_inspection_loan_id_id on loan_inspection (loan_id, id);

-- What a piece of a category would cost to rent for a day, by jurisdiction and date. Rows are never changed: a new revision
-- ends the old one.
create table rental_rate (
    id {uuid} not null primary key,
    region_id {uuid} references region,
    category_id {uuid} not null references category,
    fen_per_day {int} not null,
    source {text} not null,
    revision {int} not null,
    valid_from {date} not null,
    valid_to {date}
){strict};
create index rental_rate_category_id_valid_from on rental_rate (category_id, valid_from);

-- The line by which a unit keeps what it had on loan.
alter table request_line add column loan_id {uuid} references loan;
create index request_line_loan_id on request_line (loan_id) where loan_id is not null;

-- A window of what can be borrowed: few of many.
create index listing_loans on listing (state, listed_at, id) where purpose = 'LOAN';

-- Who approves a loan by the rules that a city starts with: as for a request line; what is kept longer is the giver's to grant,
-- and the office's for goods on its shelves.
insert into approval_rule (id, rule_set_id, position, name, subject, stage, side, level, role, due_days, conditions) values
    ({id}'00000000000070008000000000020006', {id}'00000000000070008000000000020000', 6, '借用单位负责人审批', 'LOAN', 1, 'RECEIVER', 'UNIT', 'HEAD', null, '{}'),
    ({id}'00000000000070008000000000020007', {id}'00000000000070008000000000020000', 7, '持有单位确认', 'LOAN', 2, 'GIVER', 'UNIT', 'HEAD', null, '{"custody":"VIRTUAL"}'),
    ({id}'00000000000070008000000000020008', {id}'00000000000070008000000000020000', 8, '机关事务管理局审核', 'LOAN', 2, 'OFFICE', 'UNIT', 'OFFICE', null, '{"custody":"PHYSICAL"}'),
    ({id}'00000000000070008000000000020009', {id}'00000000000070008000000000020000', 9, '持有单位同意展期', 'LOAN_EXTENSION', 1, 'GIVER', 'UNIT', 'HEAD', null, '{}'),
    ({id}'0000000000007000800000000002000a', {id}'00000000000070008000000000020000', 10, '机关事务管理局同意展期', 'LOAN_EXTENSION', 2, 'OFFICE', 'UNIT', 'OFFICE', null, '{"custody":"PHYSICAL"}');

-- An entry of the ledger is of a hand-over or of days of a loan.
-- only postgres
alter table saving_entry alter column transfer_id drop not null;
alter table saving_entry add column loan_id uuid references loan;
alter table saving_entry add column day_from date;
alter table saving_entry add column day_to date;
alter table saving_entry add constraint saving_entry_of check ((transfer_id is null) <> (loan_id is null));
-- end
-- only sqlite
drop trigger saving_entry_no_replace;
create table saving_entry_next (
    id {uuid} not null primary key,
    seq {int} not null unique,
    entry {text} not null,
    method {text} not null,
    transfer_id {uuid} references transfer,
    contra_of {uuid} references saving_entry_next,
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
    hash {text} not null,
    loan_id {uuid} references loan,
    day_from {date},
    day_to {date},
    constraint saving_entry_of check ((transfer_id is null) <> (loan_id is null))
){strict};
insert into saving_entry_next (id, seq, entry, method, transfer_id, contra_of, asset_id, quantity, amount, recognised_at, civil_day,
    giver_id, receiver_id, giver_region_id, receiver_region_id, giver_level, receiver_level, category_id, custody, mode, repeat,
    standard_id, inputs, hash)
    select id, seq, entry, method, transfer_id, contra_of, asset_id, quantity, amount, recognised_at, civil_day,
    giver_id, receiver_id, giver_region_id, receiver_region_id, giver_level, receiver_level, category_id, custody, mode, repeat,
    standard_id, inputs, hash from saving_entry;
drop table saving_entry;
alter table saving_entry_next rename to saving_entry;
create unique index saving_entry_transfer_id_method_entry on saving_entry (transfer_id, method, entry);
create index saving_entry_method_civil_day_id on saving_entry (method, civil_day, id);
create index saving_entry_civil_day_id on saving_entry (civil_day, id);
create index saving_entry_giver_id_civil_day_id on saving_entry (giver_id, civil_day, id);
create index saving_entry_receiver_id_civil_day_id on saving_entry (receiver_id, civil_day, id);
create index saving_entry_category_id_civil_day_id on saving_entry (category_id, civil_day, id);
create index saving_entry_contra_of on saving_entry (contra_of) where contra_of is not null;
create index saving_entry_asset_id on saving_entry (asset_id);
create trigger saving_entry_no_update before update on saving_entry begin select raise(abort, 'saving_entry is append-only'); end;
create trigger saving_entry_no_delete before delete on saving_entry begin select raise(abort, 'saving_entry is append-only'); end;
create trigger saving_entry_no_replace before insert on saving_entry when exists (select 1 from saving_entry where id = new.id) or exists (select 1 from saving_entry where seq = new.seq) or exists (select 1 from saving_entry where transfer_id = new.transfer_id and method = new.method and entry = new.entry) begin select raise(abort, 'saving_entry is append-only'); end;
-- end
create index saving_entry_loan_id on saving_entry (loan_id, seq) where loan_id is not null;
