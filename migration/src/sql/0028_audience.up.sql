-- Who sees an offer, widened step by step: the holder's department, its region, the whole city.
alter table listing add column audience {text} not null default 'CITY';
-- The department or the region whose units see it; none: all do.
alter table listing add column audience_id {uuid};
-- When the next step begins; none: it is the last.
alter table listing add column audience_until {ts};
create index listing_audience_until on listing (audience_until) where audience_until is not null;
