-- The rule book a city starts with: rows, so that it can be changed without a new release. What is ended by date stays.

-- Required fields. No kind: every kind. No source: every source. A field that a kind does not have is not asked for.
insert into required_field (id, kind, source, step, field, valid_from, valid_to) values
    ({id}'00000000000070008000000000010001', null, null, 'SUBMIT', 'name', '2000-01-01', null),
    ({id}'00000000000070008000000000010002', null, null, 'SUBMIT', 'categoryId', '2000-01-01', null),
    ({id}'00000000000070008000000000010003', null, null, 'SUBMIT', 'condition', '2000-01-01', null),
    ({id}'00000000000070008000000000010004', null, null, 'SUBMIT', 'place', '2000-01-01', null),
    ({id}'00000000000070008000000000010005', null, null, 'SUBMIT', 'quantity', '2000-01-01', null),
    ({id}'00000000000070008000000000010006', null, null, 'SUBMIT', 'value', '2000-01-01', null),
    ({id}'00000000000070008000000000010007', 'VEHICLE', null, 'SUBMIT', 'vehicle.plate', '2000-01-01', null),
    ({id}'00000000000070008000000000010008', 'VEHICLE', null, 'SUBMIT', 'vehicle.vin', '2000-01-01', null),
    ({id}'00000000000070008000000000010009', 'VEHICLE', null, 'SUBMIT', 'vehicle.mileageKm', '2000-01-01', null),
    ({id}'0000000000007000800000000001000a', 'REAL_ESTATE', null, 'SUBMIT', 'realEstate.certificate', '2000-01-01', null),
    ({id}'0000000000007000800000000001000b', 'REAL_ESTATE', null, 'SUBMIT', 'realEstate.areaM2', '2000-01-01', null),
    ({id}'0000000000007000800000000001000c', 'SOFTWARE', null, 'SUBMIT', 'software.licences', '2000-01-01', null),
    ({id}'0000000000007000800000000001000d', null, null, 'LIST', 'photos', '2000-01-01', null);

-- Approval rules: the giver's head, then the office; for a request line the receiver's head, for goods that stay with their holder
-- the giver's head, who confirms that they are still there, then the office.
insert into approval_rule (id, subject, custody, position, side, role, valid_from, valid_to) values
    ({id}'00000000000070008000000000020001', 'LISTING', null, 1, 'GIVER', 'HEAD', '2000-01-01', null),
    ({id}'00000000000070008000000000020002', 'LISTING', null, 2, 'OFFICE', 'OFFICE', '2000-01-01', null),
    ({id}'00000000000070008000000000020003', 'REQUEST_LINE', null, 1, 'RECEIVER', 'HEAD', '2000-01-01', null),
    ({id}'00000000000070008000000000020004', 'REQUEST_LINE', 'VIRTUAL', 2, 'GIVER', 'HEAD', '2000-01-01', null),
    ({id}'00000000000070008000000000020005', 'REQUEST_LINE', null, 3, 'OFFICE', 'OFFICE', '2000-01-01', null);
