drop table kit_order_item;
drop table kit_order;
drop table kit_item_category;
drop table kit_item;
drop table kit;
