-- What holds for changes of a zone's records; nothing where all is as by default.

CREATE TABLE zone_policy (
    zone BLOB NOT NULL PRIMARY KEY,
    serial TEXT NOT NULL,
    modified BIGINT NOT NULL
);

-- The keys with which it may be changed by DNS UPDATE.
CREATE TABLE zone_policy_update (
    zone BLOB NOT NULL REFERENCES zone_policy (zone) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    tsig BLOB NOT NULL,
    PRIMARY KEY (zone, number)
);
