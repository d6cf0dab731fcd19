drop table storage_place;
drop table warehouse;
