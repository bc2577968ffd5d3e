-- Who is told of what, what they were told, and of what it is still to be told that it is over.

CREATE TABLE webhook (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    last_success BIGINT,
    last_failure BIGINT
);

CREATE TABLE alert_policy (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    alert_type TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL
);

CREATE TABLE alert_policy_webhook (
    policy BLOB NOT NULL REFERENCES alert_policy (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    webhook BLOB NOT NULL,
    PRIMARY KEY (policy, number)
);

-- What webhooks have taken.
CREATE TABLE alert_sent (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    policy BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    alert_type TEXT NOT NULL,
    webhook BLOB NOT NULL,
    body TEXT NOT NULL,
    sent BIGINT NOT NULL
);

-- Trouble that isn't over.
CREATE TABLE incident (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    zone BLOB NOT NULL,
    zone_name TEXT NOT NULL,
    alert_type TEXT NOT NULL,
    since BIGINT NOT NULL
);

CREATE TABLE incident_told (
    incident BLOB NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
    policy BLOB NOT NULL,
    webhook BLOB NOT NULL,
    PRIMARY KEY (incident, policy, webhook)
);
