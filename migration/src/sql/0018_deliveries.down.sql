drop table delivery;
drop table webhook;
drop table delivery_endpoint;
