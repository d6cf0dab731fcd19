drop index listing_audience_until;
alter table listing drop column audience_until;
alter table listing drop column audience_id;
alter table listing drop column audience;
