-- What holds for versions before they are served, and those that are held.

ALTER TABLE zone_policy ADD COLUMN zonemd_generate BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE zone_policy ADD COLUMN publish TEXT NOT NULL DEFAULT 'auto';
ALTER TABLE zone_policy ADD COLUMN zonemd TEXT NOT NULL DEFAULT 'off';
ALTER TABLE zone_policy ADD COLUMN shrink_percent BIGINT;
ALTER TABLE zone_policy ADD COLUMN apex_ns_gone BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE zone_policy ADD COLUMN dnskey_gone BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE zone_policy ADD COLUMN zonemd_wrong BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE zone_policy ADD COLUMN rrsig_expires BOOLEAN NOT NULL DEFAULT FALSE;

-- Versions that were received and are not what is served. Each is kept as a zone of its own, with an id made from the zone's.
CREATE TABLE review (
    zone BLOB NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    -- A JSON array.
    reasons TEXT NOT NULL,
    since BIGINT NOT NULL
);
