drop table import_mapping;
drop table import_fault;
drop table import;
