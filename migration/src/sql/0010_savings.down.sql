drop table saving_entry;
