-- The ledger of savings and the audit trail are append-only, whoever asks.
-- only postgres
create function refuse_change() returns trigger language plpgsql as $$
begin raise exception '% is append-only', tg_table_name; end $$;
create trigger saving_entry_append_only before update or delete on saving_entry for each row execute function refuse_change();
create trigger audit_entry_append_only before update or delete on audit_entry for each row execute function refuse_change();
create trigger audit_seal_append_only before update or delete on audit_seal for each row execute function refuse_change();
create trigger audit_seal_head_append_only before update or delete on audit_seal_head for each row execute function refuse_change();
create trigger saving_entry_no_truncate before truncate on saving_entry for each statement execute function refuse_change();
create trigger audit_entry_no_truncate before truncate on audit_entry for each statement execute function refuse_change();
create trigger audit_seal_no_truncate before truncate on audit_seal for each statement execute function refuse_change();
create trigger audit_seal_head_no_truncate before truncate on audit_seal_head for each statement execute function refuse_change();
-- end
-- only sqlite
create trigger saving_entry_no_update before update on saving_entry begin select raise(abort, 'saving_entry is append-only'); end;
create trigger saving_entry_no_delete before delete on saving_entry begin select raise(abort, 'saving_entry is append-only'); end;
create trigger audit_entry_no_update before update on audit_entry begin select raise(abort, 'audit_entry is append-only'); end;
create trigger audit_entry_no_delete before delete on audit_entry begin select raise(abort, 'audit_entry is append-only'); end;
create trigger audit_seal_no_update before update on audit_seal begin select raise(abort, 'audit_seal is append-only'); end;
create trigger audit_seal_no_delete before delete on audit_seal begin select raise(abort, 'audit_seal is append-only'); end;
create trigger audit_seal_head_no_update before update on audit_seal_head begin select raise(abort, 'audit_seal_head is append-only'); end;
create trigger audit_seal_head_no_delete before delete on audit_seal_head begin select raise(abort, 'audit_seal_head is append-only'); end;
-- end
