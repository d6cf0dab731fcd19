-- A correction (更正) of a card that others count on: what it said before and says now. Its words go when the card is purged.
create table correction (
    id {uuid} not null primary key,
    asset_id {uuid} not null references asset,
    reason {text} not null,
    changes {json} not null,
    material {bool} not null,
    created_by {uuid} not null references account,
    created_at {ts} not null
){strict};
create index correction_asset_id_id on correction (asset_id, id);

-- A line whose asker is to say whether it still wants what was corrected.
alter table request_line add column correction_id {uuid} references correction;
alter table request_line add column confirm_until {ts};
alter table request_line add column confirm_counted_to {ts};
create index request_line_confirm_until_id on request_line (confirm_until, id) where confirm_until is not null;

-- A VIRTUAL offer is confirmed anew every so many days: when it was last, by which day it is to be, and since when it pauses.
alter table listing add column confirmed_at {ts};
alter table listing add column reconfirm_by {date};
alter table listing add column reconfirm_counted_to {ts};
alter table listing add column paused_at {ts};
update listing set confirmed_at = listed_at where listed_at is not null;
create index listing_confirmed_at_id on listing (confirmed_at, id) where state = 'LISTED' and custody = 'VIRTUAL' and reconfirm_by is null;
create index listing_reconfirm_by_id on listing (reconfirm_by, id) where reconfirm_by is not null;
create index listing_unit_id_reconfirm_by_id on listing (unit_id, reconfirm_by, id) where reconfirm_by is not null;

-- A receipt that the office recorded in place of the receiver, the paper that shows it, and why a hand-over was taken back.
alter table transfer add column deemed {bool} not null default {no};
alter table transfer add column paper_number {text};
alter table transfer add column reversal_reason {text};
