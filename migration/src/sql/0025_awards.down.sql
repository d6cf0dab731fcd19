drop table claim_rank;
drop table claim_window;
drop table ranking_rule;
drop table ranking_rule_set;
alter table request drop column need;
alter table listing drop column claim_window_days;
alter table listing drop column award_mode;
