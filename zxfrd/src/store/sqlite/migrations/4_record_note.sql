-- What records have besides what their zones have of them: only those that were made or changed by the management API. They
-- are written together with the delta that makes, changes or removes the record.

CREATE TABLE record_note (
    zone BLOB NOT NULL,
    id BLOB NOT NULL,
    owner BLOB NOT NULL,
    rtype BIGINT NOT NULL,
    rdata BLOB NOT NULL,
    automatic BOOLEAN NOT NULL,
    comment TEXT,
    -- A JSON array.
    tags TEXT NOT NULL,
    -- A JSON object.
    settings TEXT,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    PRIMARY KEY (zone, id)
);
