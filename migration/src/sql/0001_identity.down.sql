drop table rights_generation;
drop table one_time_code;
drop table session;
drop table role_grant;
drop table account;
