drop table duplicate_case;
drop table asset_holding;
drop table asset;
