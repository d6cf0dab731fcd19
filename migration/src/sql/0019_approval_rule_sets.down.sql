drop table delegation;
drop table calendar_day;
drop index approval_step_due_on;
alter table approval_step drop column decided_for;
alter table approval_step drop column escalated_at;
alter table approval_step drop column reminded_on;
alter table approval_step drop column due_on;
alter table approval_step drop column due_days;
alter table approval_step drop column rule_id;
alter table approval_step drop column stage;
drop index approval_case_receiver_id_subject_opened_at;
drop index approval_case_giver_id_subject_opened_at;
alter table approval_case drop column batch_id;
alter table approval_case drop column value;
alter table approval_case drop column facts;
alter table approval_case drop column rule_set_id;
drop table approval_rule;
drop table approval_rule_set;
create table approval_rule (
    id {uuid} not null primary key,
    subject {text} not null,
    custody {text},
    position {int} not null,
    side {text} not null,
    role {text} not null,
    valid_from {date} not null,
    valid_to {date}
){strict};
insert into approval_rule (id, subject, custody, position, side, role, valid_from, valid_to) values
    ({id}'00000000000070008000000000020001', 'LISTING', null, 1, 'GIVER', 'HEAD', '2000-01-01', null),
    ({id}'00000000000070008000000000020002', 'LISTING', null, 2, 'OFFICE', 'OFFICE', '2000-01-01', null),
    ({id}'00000000000070008000000000020003', 'REQUEST_LINE', null, 1, 'RECEIVER', 'HEAD', '2000-01-01', null),
    ({id}'00000000000070008000000000020004', 'REQUEST_LINE', 'VIRTUAL', 2, 'GIVER', 'HEAD', '2000-01-01', null),
    ({id}'00000000000070008000000000020005', 'REQUEST_LINE', null, 3, 'OFFICE', 'OFFICE', '2000-01-01', null);
