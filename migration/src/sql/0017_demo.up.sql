-- The generated city in this database, at most one: what it was made from, and how far its load is. A load that was
-- broken off goes on from here.
create table demo_load (
    id {int} not null primary key,
    seed {text} not null,
    units {int} not null,
    listings {int} not null,
    pictures {int} not null,
    today {date} not null,
    loaded {int} not null,
    finished_at {ts}
){strict};
