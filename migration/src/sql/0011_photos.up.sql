-- An upload that was announced and is not finished.
create table photo_upload (
    id {uuid} not null primary key,
    asset_id {uuid} not null references asset,
    name {text} not null,
    content_type {text} not null,
    bytes {int} not null,
    sha256 {text} not null,
    created_by {uuid} not null references account,
    created_at {ts} not null,
    expires_at {ts} not null
){strict};
create index photo_upload_expires_at on photo_upload (expires_at);
create index photo_upload_created_by on photo_upload (created_by);

-- A processed picture, shared by content hash.
create table photo_blob (
    sha256 {text} not null primary key,
    width {int} not null,
    height {int} not null,
    bytes {int} not null,
    phash {text} not null,
    -- When an upload last needed it.
    created_at {ts} not null,
    -- Set while its files are being cleared: nobody may show it then.
    clearing_at {ts}
){strict};

-- A picture of an asset.
create table photo (
    id {uuid} not null primary key,
    asset_id {uuid} not null references asset,
    sha256 {text} not null references photo_blob,
    position {int} not null,
    stage {text} not null,
    name {text} not null,
    created_by {uuid} not null references account,
    created_at {ts} not null
){strict};
create index photo_asset_id_position on photo (asset_id, position);
-- The same picture is on a card once.
create unique index photo_asset_id_sha256 on photo (asset_id, sha256);
create index photo_sha256 on photo (sha256);
