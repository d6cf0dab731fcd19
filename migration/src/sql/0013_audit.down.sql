drop table audit_seal_head;
drop table audit_seal;
drop table master_key_check;
drop table payload_key;
drop table audit_entry;
