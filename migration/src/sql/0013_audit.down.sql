drop table audit_seal_head;
drop table audit_seal;
drop table payload_key;
drop table audit_entry;
