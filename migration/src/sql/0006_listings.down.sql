drop table asset_freeze;
drop table listing_stock;
drop table listing;
