drop table number_series;
drop table idempotency;
drop table job;
