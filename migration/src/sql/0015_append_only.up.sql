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
-- `insert or replace` would delete the row before it without asking the triggers above.
create trigger saving_entry_no_replace before insert on saving_entry when exists (select 1 from saving_entry where id = new.id) or exists (select 1 from saving_entry where seq = new.seq) or exists (select 1 from saving_entry where transfer_id = new.transfer_id and method = new.method and entry = new.entry) begin select raise(abort, 'saving_entry is append-only'); end;
create trigger audit_entry_no_replace before insert on audit_entry when exists (select 1 from audit_entry where id = new.id) or exists (select 1 from audit_entry where subject_kind = new.subject_kind and subject_id = new.subject_id and seq = new.seq) begin select raise(abort, 'audit_entry is append-only'); end;
create trigger audit_seal_no_replace before insert on audit_seal when exists (select 1 from audit_seal where seq = new.seq) begin select raise(abort, 'audit_seal is append-only'); end;
create trigger audit_seal_head_no_replace before insert on audit_seal_head when exists (select 1 from audit_seal_head where seal_seq = new.seal_seq and subject_kind = new.subject_kind and subject_id = new.subject_id) begin select raise(abort, 'audit_seal_head is append-only'); end;
-- end
