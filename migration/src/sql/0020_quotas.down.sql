drop index transfer_receiver_id_in_transit;
drop index request_line_unit_id_state;
drop index asset_holder_id_category_id_active;
alter table request drop column over_cap_reason;
drop table block_override;
drop table unit_cap;
drop table unit_quota;
