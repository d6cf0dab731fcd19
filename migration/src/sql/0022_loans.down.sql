-- What was saved by loans goes with them.
-- only postgres
drop trigger saving_entry_append_only on saving_entry;
delete from saving_entry where loan_id is not null;
alter table saving_entry drop constraint saving_entry_of;
alter table saving_entry drop column day_to;
alter table saving_entry drop column day_from;
alter table saving_entry drop column loan_id;
alter table saving_entry alter column transfer_id set not null;
create trigger saving_entry_append_only before update or delete on saving_entry for each row execute function refuse_change();
-- end
-- only sqlite
drop trigger saving_entry_no_replace;
create table saving_entry_next (
    id {uuid} not null primary key,
    seq {int} not null unique,
    entry {text} not null,
    method {text} not null,
    transfer_id {uuid} not null references transfer,
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
    hash {text} not null
){strict};
insert into saving_entry_next
    select id, seq, entry, method, transfer_id, contra_of, asset_id, quantity, amount, recognised_at, civil_day,
    giver_id, receiver_id, giver_region_id, receiver_region_id, giver_level, receiver_level, category_id, custody, mode, repeat,
    standard_id, inputs, hash from saving_entry where loan_id is null;
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
delete from approval_step where case_id in (select id from approval_case where subject in ('LOAN', 'LOAN_EXTENSION'));
delete from approval_case where subject in ('LOAN', 'LOAN_EXTENSION');
delete from approval_rule where subject in ('LOAN', 'LOAN_EXTENSION');
drop index listing_loans;
drop index request_line_loan_id;
alter table request_line drop column loan_id;
drop table rental_rate;
drop table loan_inspection;
drop table loan;
