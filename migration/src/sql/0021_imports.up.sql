-- A file that somebody loads: announced, put, read, run as a job. Its rows are those of other tables.
create table import (
    id {uuid} not null primary key,
    what {text} not null,
    -- The unit whose assets they are; none for reference data of the whole city.
    unit_id {uuid} references unit,
    source {text} not null,
    name {text} not null,
    bytes {int} not null,
    sha256 {text} not null,
    state {text} not null,
    dry_run {bool} not null,
    format {text},
    encoding {text},
    sheet {text},
    header_line {int},
    headers {json} not null,
    -- What each header means, in the order of the file.
    columns {json} not null,
    -- Raised by every run: reports of runs before count no more.
    run {int} not null,
    -- The last line that is done: moves in the transaction of the rows themselves, so that a run goes on exactly there.
    position {int} not null,
    total {int},
    done {int} not null,
    kept {int} not null,
    bad {int} not null,
    secret {int} not null,
    skipped {int} not null,
    -- Why the file as a whole was given up.
    fault {json},
    run_by {uuid} references account,
    created_by {uuid} not null references account,
    created_at {ts} not null,
    began_at {ts},
    finished_at {ts},
    expires_at {ts} not null,
    version {int} not null
){strict};
create index import_created_at_id on import (created_at, id);
create index import_unit_id_created_at_id on import (unit_id, created_at, id);
create index import_created_by on import (created_by, expires_at);
create index import_expires_at on import (expires_at);

-- One reason why a row of a file was not kept. Nothing of a secret row is here but its line.
create table import_fault (
    import_id {uuid} not null references import,
    run {int} not null,
    line {int} not null,
    n {int} not null,
    field {text} not null,
    code {text} not null,
    reason_zh {text} not null,
    reason_en {text} not null,
    -- The cells of the row, with its first reason.
    cells {json},
    primary key (import_id, run, line, n)
){strict};

-- What the headers of a source mean, as they were mapped last.
create table import_mapping (
    id {uuid} not null primary key,
    what {text} not null,
    unit_id {uuid},
    source {text} not null,
    columns {json} not null,
    updated_by {uuid} not null references account,
    updated_at {ts} not null
){strict};
create index import_mapping_source on import_mapping (source, what);
