-- A disposal (处置) of pieces of a listing that nobody took. While it is open its pieces are counted as withdrawn in the listing.
create table disposal (
    id {uuid} not null primary key,
    number {text} not null unique,
    listing_id {uuid} not null references listing,
    asset_id {uuid} not null references asset,
    unit_id {uuid} not null references unit,
    warehouse_id {uuid} references warehouse,
    kind {text} not null,
    state {text} not null,
    quantity {int} not null,
    justification {text} not null,
    beyond_repair {text},
    beyond_repair_by {text},
    appraiser {text},
    appraised_value {int},
    appraised_on {date},
    appraisal_until {date},
    appraisal_report {text},
    publicity_from {date},
    publicity_until {date},
    asked_price {int},
    least_price {int},
    reason {text},
    comment {text},
    objector_id {uuid} references unit,
    receiver {text},
    evidence {text},
    proceeds {int},
    created_by {uuid} not null references account,
    created_at {ts} not null,
    done_by {uuid} references account,
    done_at {ts},
    done_on {date},
    updated_at {ts} not null,
    version {int} not null,
    check (quantity > 0),
    check (kind not in ('SALE', 'EXCHANGE') or state in ('PROPOSED', 'CALLED_OFF') or appraised_value is not null),
    check (state not in ('PUBLICITY', 'DONE') or publicity_until is not null),
    check (state <> 'DONE' or (done_on > publicity_until and evidence is not null and proceeds >= 0)),
    check ((reason is not null) = (state = 'CALLED_OFF'))
){strict};
-- What is set aside of a listing: few rows of each, however many disposals are over.
create index disposal_open on disposal (listing_id) where state in ('PROPOSED', 'APPRAISED', 'SUBMITTED', 'PUBLICITY');
-- A page of disposals is merged from one page of each side that may see them, and of what is shown to all.
create index disposal_unit_id_id on disposal (unit_id, id);
create index disposal_warehouse_id_id on disposal (warehouse_id, id) where warehouse_id is not null;
create index disposal_shown on disposal (id) where state = 'PUBLICITY';
create index disposal_listing_id_id on disposal (listing_id, id);
create index disposal_asset_id on disposal (asset_id);
create index disposal_state_id on disposal (state, id);
create index disposal_kind_id on disposal (kind, id);

-- What a disposal brought in: the treasury's, and never a saving.
create table disposal_proceeds (
    id {uuid} not null primary key,
    disposal_id {uuid} not null unique references disposal,
    unit_id {uuid} not null references unit,
    kind {text} not null,
    amount {int} not null,
    civil_day {date} not null,
    created_at {ts} not null,
    check (amount > 0)
){strict};
create index disposal_proceeds_unit_id_civil_day on disposal_proceeds (unit_id, civil_day);
create index disposal_proceeds_civil_day on disposal_proceeds (civil_day);
-- only postgres
create trigger disposal_proceeds_append_only before update or delete on disposal_proceeds for each row execute function refuse_change();
create trigger disposal_proceeds_no_truncate before truncate on disposal_proceeds for each statement execute function refuse_change();
-- end
-- only sqlite
create trigger disposal_proceeds_no_update before update on disposal_proceeds begin select raise(abort, 'disposal_proceeds is append-only'); end;
create trigger disposal_proceeds_no_delete before delete on disposal_proceeds begin select raise(abort, 'disposal_proceeds is append-only'); end;
create trigger disposal_proceeds_no_replace before insert on disposal_proceeds when exists (select 1 from disposal_proceeds where id = new.id) or exists (select 1 from disposal_proceeds where disposal_id = new.disposal_id) begin select raise(abort, 'disposal_proceeds is append-only'); end;
-- end

-- Who approves a disposal by the rules that a city starts with: the holder's head, then the office, and finance for what is worth
-- ¥50,000 or more, an item or what a unit disposes of within 90 days. A sale below the threshold is the office's to allow.
insert into approval_rule (id, rule_set_id, position, name, subject, stage, side, level, role, due_days, conditions) values
    ({id}'00000000000070008000000000032001', {id}'00000000000070008000000000020000', 3201, '持有单位负责人审批', 'DISPOSAL', 1, 'GIVER', 'UNIT', 'HEAD', null, '{}'),
    ({id}'00000000000070008000000000032002', {id}'00000000000070008000000000020000', 3202, '机关事务管理局审核', 'DISPOSAL', 2, 'OFFICE', 'UNIT', 'OFFICE', null, '{}'),
    ({id}'00000000000070008000000000032003', {id}'00000000000070008000000000020000', 3203, '5万元以上：财政部门审批', 'DISPOSAL', 3, 'OFFICE', 'UNIT', 'FINANCE', null, '{"itemFrom":5000000,"batchFrom":5000000,"windowDays":90,"batchSide":"GIVER"}'),
    ({id}'00000000000070008000000000032004', {id}'00000000000070008000000000020000', 3204, '低于评估价出售：机关事务管理局审批', 'DISPOSAL_PRICE', 1, 'OFFICE', 'UNIT', 'OFFICE', null, '{}');
