-- What is set for zones besides their records; nothing where all is as by default. What is NULL of the SOA isn't set.

CREATE TABLE zone_settings (
    zone BLOB NOT NULL PRIMARY KEY,
    multi_provider BOOLEAN NOT NULL,
    secondary_overrides BOOLEAN NOT NULL,
    ns_ttl BIGINT NOT NULL,
    zone_mode TEXT NOT NULL,
    soa_mname TEXT,
    soa_rname TEXT,
    soa_refresh BIGINT,
    soa_retry BIGINT,
    soa_expire BIGINT,
    soa_min_ttl BIGINT,
    soa_ttl BIGINT,
    dnssec_presigned BOOLEAN NOT NULL,
    dnssec_use_nsec3 BOOLEAN NOT NULL,
    modified BIGINT NOT NULL
);
