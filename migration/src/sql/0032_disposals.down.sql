delete from approval_step where case_id in (select id from approval_case where subject in ('DISPOSAL', 'DISPOSAL_PRICE'));
delete from approval_case where subject in ('DISPOSAL', 'DISPOSAL_PRICE');
delete from approval_rule where subject in ('DISPOSAL', 'DISPOSAL_PRICE');
drop table disposal_proceeds;
drop table disposal;
