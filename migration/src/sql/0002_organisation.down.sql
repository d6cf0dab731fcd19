drop table unit_guard;
drop table unit;
drop table region;
