-- Objects. Those that the configuration declares are not here, but may be referred to from here: so accounts, keys and peers
-- are no foreign keys. Times are microseconds since 1970.

CREATE TABLE account (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE token (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT,
    digest BLOB NOT NULL,
    access TEXT NOT NULL,
    all_accounts BOOLEAN NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE token_account (
    token BLOB NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    account BLOB NOT NULL,
    PRIMARY KEY (token, account)
);

CREATE TABLE tsig (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    algo TEXT NOT NULL,
    secret TEXT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL
);

CREATE TABLE peer (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    ip TEXT,
    port BIGINT,
    ixfr_enable BOOLEAN,
    tsig BLOB,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL
);

CREATE TABLE acl (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    ip_range TEXT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL
);

CREATE TABLE zone (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    paused BOOLEAN NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    activated BIGINT
);

CREATE TABLE zone_vanity_name_server (
    zone BLOB NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (zone, number)
);

CREATE TABLE incoming (
    zone BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    auto_refresh_seconds BIGINT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL
);

CREATE TABLE incoming_peer (
    zone BLOB NOT NULL REFERENCES incoming (zone) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    peer BLOB NOT NULL,
    PRIMARY KEY (zone, number)
);

CREATE TABLE outgoing (
    zone BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE outgoing_peer (
    zone BLOB NOT NULL REFERENCES outgoing (zone) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    peer BLOB NOT NULL,
    PRIMARY KEY (zone, number)
);

CREATE TABLE audit (
    number INTEGER NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    account BLOB,
    token TEXT NOT NULL,
    what TEXT NOT NULL
);

-- What is held of zones, declared ones too. Checksums are SHA-256.

-- A version from which deltas lead on. Small columns first: they are read without the list of pages.
CREATE TABLE checkpoint (
    zone BLOB NOT NULL PRIMARY KEY,
    serial BIGINT NOT NULL,
    -- The number of the last delta that is in it.
    number BIGINT NOT NULL,
    -- The octets of all pages.
    size BIGINT NOT NULL,
    apex BLOB NOT NULL,
    checksum BLOB NOT NULL,
    -- Of each page in order the part in which it is, one octet, and the checksum of its octets.
    pages BLOB NOT NULL
);

CREATE TABLE page (
    zone BLOB NOT NULL REFERENCES checkpoint (zone) ON DELETE CASCADE,
    checksum BLOB NOT NULL,
    octets BLOB NOT NULL,
    PRIMARY KEY (zone, checksum)
);

CREATE TABLE delta (
    zone BLOB NOT NULL REFERENCES checkpoint (zone) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    from_serial BIGINT NOT NULL,
    to_serial BIGINT NOT NULL,
    -- Whether secondaries may have it.
    offered BOOLEAN NOT NULL,
    size BIGINT NOT NULL,
    checksum BLOB NOT NULL,
    octets BLOB NOT NULL,
    PRIMARY KEY (zone, number)
);

-- What a secondary remembers of a zone's refreshes; times are seconds since 1970.
CREATE TABLE refresh (
    zone BLOB NOT NULL PRIMARY KEY,
    last_check BIGINT,
    last_success BIGINT,
    expires BIGINT
);
