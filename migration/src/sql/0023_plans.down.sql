delete from approval_step where case_id in (select id from approval_case where subject = 'PLAN');
delete from approval_case where subject = 'PLAN';
delete from approval_rule where subject = 'PLAN';
drop index request_line_plan_line_id;
alter table request_line drop column plan_line_id;
drop table plan_objection;
drop table plan_line;
drop table allocation_plan;
