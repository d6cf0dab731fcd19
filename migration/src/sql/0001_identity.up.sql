-- A person who can sign in.
create table account (
    id {uuid} not null primary key,
    login {text} not null unique,
    name {text} not null,
    password_hash {text} not null,
    must_change_password {bool} not null,
    active {bool} not null,
    locale {text} not null,
    created_at {ts} not null,
    version {int} not null
){strict};

-- A role held by a person at a place, with dates.
create table role_grant (
    id {uuid} not null primary key,
    account_id {uuid} not null references account,
    role {text} not null,
    scope {text} not null,
    scope_id {uuid},
    valid_from {date} not null,
    valid_to {date},
    granted_by {uuid},
    created_at {ts} not null
){strict};
create index role_grant_account_id on role_grant (account_id);
create index role_grant_scope_id on role_grant (scope_id);

-- A signed-in program or browser.
create table session (
    id {uuid} not null primary key,
    token_hash {text} not null unique,
    account_id {uuid} not null references account,
    created_at {ts} not null,
    expires_at {ts} not null,
    revoked_at {ts},
    -- Which end of a session it was, by `rights_generation.ended`: so that processes forget this one and no other.
    ended {int}
){strict};
create index session_ended on session (ended) where ended is not null;
create index session_account_id on session (account_id);
create index session_expires_at on session (expires_at);

-- A code that is printed once, such as the first administrator's.
create table one_time_code (
    purpose {text} not null primary key,
    code_hash {text} not null,
    expires_at {ts} not null
){strict};

-- One row: raised by whatever changes somebody's rights, read on every request.
create table rights_generation (
    id {int} not null primary key,
    n {int} not null,
    -- Sessions that were ended one by one.
    ended {int} not null
){strict};
insert into rights_generation (id, n, ended) values (1, 1, 0);
