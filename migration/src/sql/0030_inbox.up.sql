-- What awaits somebody, oldest first: an index for each kind and side, so that a page is merged from one page of each.
create index request_line_to_confirm on request_line (unit_id, confirm_until, id) where confirm_until is not null;
create index request_line_to_correct on request_line (unit_id, hold_expires_at, id) where state = 'RETURNED';
create index request_line_to_release on request_line (giver_id, updated_at, id) where state in ('RESERVED', 'RELEASING') and correction_id is null and warehouse_id is null;
create index request_line_to_fetch on request_line (warehouse_id, updated_at, id) where state in ('RESERVED', 'RELEASING') and correction_id is null and warehouse_id is not null;
create index transfer_to_receive on transfer (receiver_id, released_at, id) where state = 'IN_TRANSIT';
create index transfer_to_book_out on transfer (giver_id, received_at, id) where state in ('RECEIVED', 'SHORT') and received > 0 and booked_out is null;
create index transfer_to_book_in on transfer (receiver_id, received_at, id) where state in ('RECEIVED', 'SHORT') and received > 0 and booked_in is null;
create index listing_to_correct on listing (unit_id, updated_at, id) where state = 'RETURNED';
create index listing_to_inspect on listing (warehouse_id, updated_at, id) where state in ('AWAITING_INSPECTION', 'REPAIR');
create index loan_to_hand_over on loan (giver_id, day_from, id) where state = 'APPROVED' and warehouse_id is null;
create index loan_to_fetch on loan (warehouse_id, day_from, id) where state = 'APPROVED' and warehouse_id is not null;
create index loan_to_receive on loan (unit_id, handed_over_at, id) where state = 'HANDED_OVER';
create index loan_to_inspect on loan (giver_id, updated_at, id) where returned > 0 and warehouse_id is null;
create index loan_to_inspect_stored on loan (warehouse_id, updated_at, id) where returned > 0 and warehouse_id is not null;
create index approval_step_to_decide on approval_step (due_on, id) where state = 'PENDING';
