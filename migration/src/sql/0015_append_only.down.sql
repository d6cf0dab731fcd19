-- only postgres
drop trigger saving_entry_append_only on saving_entry;
drop trigger saving_entry_no_truncate on saving_entry;
drop trigger audit_entry_append_only on audit_entry;
drop trigger audit_entry_no_truncate on audit_entry;
drop trigger audit_seal_append_only on audit_seal;
drop trigger audit_seal_no_truncate on audit_seal;
drop trigger audit_seal_head_append_only on audit_seal_head;
drop trigger audit_seal_head_no_truncate on audit_seal_head;
drop function refuse_change();
-- end
-- only sqlite
drop trigger saving_entry_no_update;
drop trigger saving_entry_no_delete;
drop trigger audit_entry_no_update;
drop trigger audit_entry_no_delete;
drop trigger audit_seal_no_update;
drop trigger audit_seal_no_delete;
drop trigger audit_seal_head_no_update;
drop trigger audit_seal_head_no_delete;
drop trigger saving_entry_no_replace;
drop trigger audit_entry_no_replace;
drop trigger audit_seal_no_replace;
drop trigger audit_seal_head_no_replace;
-- end
