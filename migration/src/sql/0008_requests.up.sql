-- A unit asks (调剂申请), in several lines.
create table request (
    id {uuid} not null primary key,
    number {text} unique,
    unit_id {uuid} not null references unit,
    justification {text} not null,
    needed_by {date},
    created_by {uuid} not null references account,
    created_at {ts} not null,
    submitted_by {uuid} references account,
    submitted_at {ts},
    version {int} not null
){strict};
create index request_unit_id_id on request (unit_id, id);

-- One line of a request, for one listing, with a state of its own.
create table request_line (
    id {uuid} not null primary key,
    request_id {uuid} not null references request,
    listing_id {uuid} not null references listing,
    unit_id {uuid} not null references unit,
    giver_id {uuid} not null references unit,
    warehouse_id {uuid} references warehouse,
    position {int} not null,
    quantity_asked {int} not null,
    quantity {int} not null,
    state {text} not null,
    reason {text},
    comment {text},
    held_at {ts},
    hold_expires_at {ts},
    hold_counted_to {ts},
    queue_place {int},
    released {int} not null,
    received {int} not null,
    refused {int} not null,
    lost {int} not null,
    updated_at {ts} not null,
    version {int} not null
){strict};
create unique index request_line_request_id_position on request_line (request_id, position);
create index request_line_listing_id_state_queue_place on request_line (listing_id, state, queue_place);
-- A page of lines is merged from one page of each side that may see them.
create index request_line_unit_id_id on request_line (unit_id, id);
create index request_line_giver_id_id on request_line (giver_id, id);
create index request_line_giver_id_request_id on request_line (giver_id, request_id);
create index request_line_warehouse_id_request_id on request_line (warehouse_id, request_id);
create index request_line_warehouse_id_id on request_line (warehouse_id, id);
create index request_line_state_id on request_line (state, id);
create index request_line_state_hold_expires_at on request_line (state, hold_expires_at);
