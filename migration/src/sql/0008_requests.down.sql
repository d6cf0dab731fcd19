drop table request_line;
drop table request;
