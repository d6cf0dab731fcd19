-- Which steps a case needs, as data.
create table approval_rule (
    id {uuid} not null primary key,
    subject {text} not null,
    custody {text},
    position {int} not null,
    side {text} not null,
    role {text} not null,
    valid_from {date} not null,
    valid_to {date}
){strict};

-- A run of approvals over one subject.
create table approval_case (
    id {uuid} not null primary key,
    subject {text} not null,
    subject_id {uuid} not null,
    state {text} not null,
    applicant_id {uuid} not null references account,
    drafted_by {uuid} not null references account,
    corrected_by {uuid} references account,
    giver_id {uuid} references unit,
    receiver_id {uuid} references unit,
    opened_at {ts} not null,
    closed_at {ts},
    version {int} not null
){strict};
create index approval_case_subject_id on approval_case (subject_id);

-- One step of a case.
create table approval_step (
    id {uuid} not null primary key,
    case_id {uuid} not null references approval_case,
    position {int} not null,
    side {text} not null,
    role {text} not null,
    unit_id {uuid} references unit,
    state {text} not null,
    decided_by {uuid} references account,
    decided_at {ts},
    comment {text},
    pending_since {ts},
    version {int} not null
){strict};
create unique index approval_step_case_id_position on approval_step (case_id, position);
-- What waits for somebody is merged from what waits at their units and what waits at the city's seats.
create index approval_step_state_role_unit_id_pending_since_id on approval_step (state, role, unit_id, pending_since, id);
create index approval_step_state_role_pending_since_id on approval_step (state, role, pending_since, id);
