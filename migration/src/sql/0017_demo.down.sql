drop table demo_load;
