drop table approval_step;
drop table approval_case;
drop table approval_rule;
