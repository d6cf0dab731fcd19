drop table city_setting;
drop table required_field;
drop table allocation_standard;
drop table category;
