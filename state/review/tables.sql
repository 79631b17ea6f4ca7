-- The tables of a review, filled from a snapshot of the state.
--
-- Only what is named here gets into a review: a column that the state is given later stays out until
-- somebody adds it. `blanked` takes the keyed hashes of lock codes out of a text; every column that
-- holds payloads or words goes through it. Fingerprints, seals and what guardrails are about are for
-- machines, and stay out.

CREATE TABLE review.runs (
    run_id TEXT PRIMARY KEY,
    serial INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    remembered INTEGER NOT NULL
);
INSERT INTO review.runs
SELECT run_id, serial, kind, status, started_at, finished_at,
    serial >= (SELECT serial FROM main.past_begins)
FROM main.runs ORDER BY serial;

-- A night is a sync that read the source of the pipeline; a run that could not is none. A summary of an
-- older version may lack some counts.
CREATE TABLE review.results (
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    night INTEGER,
    status TEXT,
    extracted INTEGER,
    rejected INTEGER,
    unchanged INTEGER,
    created INTEGER,
    updated INTEGER,
    moved INTEGER,
    retired INTEGER,
    missing INTEGER,
    failed INTEGER,
    held INTEGER,
    unknown INTEGER,
    requests INTEGER,
    seconds REAL,
    notes TEXT NOT NULL,
    PRIMARY KEY (run_id, pipeline)
);
WITH told AS (
    SELECT run_id, serial, kind, value AS result, json_extract(value, '$.counts') AS counts
    FROM main.runs, json_each(summary, '$.pipelines') WHERE summary IS NOT NULL
),
placed AS (
    SELECT *, kind = 'sync' AND json_extract(counts, '$.extracted') > 0 AS is_night FROM told
)
INSERT INTO review.results
SELECT run_id, json_extract(result, '$.pipeline'),
    iif(is_night, row_number() OVER (
        PARTITION BY is_night, json_extract(result, '$.pipeline') ORDER BY serial), NULL),
    json_extract(result, '$.status'),
    json_extract(counts, '$.extracted'), json_extract(counts, '$.rejected'),
    json_extract(counts, '$.unchanged'), json_extract(counts, '$.created'),
    json_extract(counts, '$.updated'), json_extract(counts, '$.moved'),
    json_extract(counts, '$.retired'), json_extract(counts, '$.missing'),
    json_extract(counts, '$.failed'), json_extract(counts, '$.held'),
    json_extract(counts, '$.unknown'),
    json_extract(result, '$.requests'), round(json_extract(result, '$.seconds'), 3),
    blanked((SELECT coalesce(group_concat(value, char(10)), '') FROM json_each(result, '$.notes')))
FROM placed ORDER BY serial;

CREATE TABLE review.scopes (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    synced_run TEXT REFERENCES runs (run_id),
    synced_at TEXT,
    accepted_run TEXT REFERENCES runs (run_id),
    accepted_rows INTEGER,
    missing INTEGER NOT NULL,
    in_flight TEXT,
    PRIMARY KEY (pipeline, scope)
);
INSERT INTO review.scopes
SELECT pipeline, scope, synced_run, synced_at, accepted_run, accepted_rows, missing, in_flight
FROM main.scopes;

CREATE TABLE review.units (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    group_key TEXT,
    standard_rate REAL,
    rentable INTEGER,
    retired INTEGER NOT NULL,
    remote_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (pipeline, scope, key)
);
INSERT INTO review.units
SELECT pipeline, scope, key, name, group_key, json_extract(payload, '$.standard_rate'),
    json_extract(payload, '$.rentable'), retired, remote_id, blanked(payload)
FROM main.units;

-- What was known of a unit before a run altered it; nothing where it has no remote id.
CREATE TABLE review.past_units (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    serial INTEGER NOT NULL REFERENCES runs (serial),
    name TEXT,
    group_key TEXT,
    standard_rate REAL,
    rentable INTEGER,
    retired INTEGER,
    remote_id TEXT,
    payload TEXT,
    PRIMARY KEY (pipeline, scope, key, serial)
);
INSERT INTO review.past_units
SELECT pipeline, scope, key, serial, name, group_key, json_extract(payload, '$.standard_rate'),
    json_extract(payload, '$.rentable'), retired, remote_id, blanked(payload)
FROM main.past_units;
CREATE INDEX review.past_units_by_scope ON past_units (scope, serial);

CREATE TABLE review.absences (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    since_run TEXT NOT NULL REFERENCES runs (run_id),
    until_run TEXT REFERENCES runs (run_id),
    PRIMARY KEY (pipeline, scope, key, since_run)
);
INSERT INTO review.absences
SELECT pipeline, scope, key, name, began.run_id, ended.run_id
FROM main.absences
JOIN main.runs AS began ON began.serial = since
LEFT JOIN main.runs AS ended ON ended.serial = until;

CREATE TABLE review.groups (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (pipeline, scope, key)
);
INSERT INTO review.groups
SELECT pipeline, scope, key, name, remote_id, blanked(payload) FROM main.groups;

CREATE TABLE review.requests (
    request_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    purpose TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    answered_at TEXT,
    status INTEGER,
    words TEXT NOT NULL,
    vendor_request_id TEXT,
    settled_by TEXT REFERENCES runs (run_id)
);
INSERT INTO review.requests
SELECT request_id, run_id, pipeline, scope, purpose, method, path, state, sent_at, answered_at,
    status, blanked(words), vendor_request_id, settled_by
FROM main.requests;

CREATE TABLE review.changes (
    change_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    entity TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    words TEXT NOT NULL,
    held TEXT,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    group_key TEXT,
    row INTEGER,
    status INTEGER,
    remote_id TEXT,
    vendor_request_id TEXT,
    request_id INTEGER REFERENCES requests (request_id)
);
INSERT INTO review.changes
SELECT change_id, run_id, pipeline, scope, entity, key, name, action, outcome, blanked(words),
    blanked(held), blanked(before), blanked(after), group_key, row, status, remote_id,
    vendor_request_id, request_id
FROM main.changes;
CREATE INDEX review.changes_by_run ON changes (run_id);
CREATE INDEX review.changes_by_unit ON changes (pipeline, scope, entity, key);
CREATE INDEX review.changes_by_scope ON changes (scope, entity);
CREATE INDEX review.changes_by_key ON changes (key);
CREATE INDEX review.changes_by_name ON changes (name);

-- One row per field of each change but the creates, whose every field is new.
CREATE TABLE review.fields (
    change_id INTEGER NOT NULL REFERENCES changes (change_id),
    field TEXT NOT NULL,
    before,
    after,
    PRIMARY KEY (change_id, field)
);
INSERT INTO review.fields
SELECT change_id, now.key, past.value, now.value
FROM review.changes
JOIN json_each(changes.after) AS now
LEFT JOIN json_each(changes.before) AS past ON past.key = now.key
WHERE changes.action <> 'create';
CREATE INDEX review.fields_by_field ON fields (field);

CREATE TABLE review.rejections (
    rejection_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT,
    row INTEGER,
    key TEXT,
    field TEXT,
    rule TEXT NOT NULL,
    value TEXT,
    message TEXT NOT NULL
);
INSERT INTO review.rejections
SELECT rejection_id, run_id, pipeline, scope, row, key, field, rule, blanked(value),
    blanked(message)
FROM main.rejections;
CREATE INDEX review.rejections_by_run ON rejections (run_id);
CREATE INDEX review.rejections_by_key ON rejections (key);

CREATE TABLE review.tripped (
    tripped_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    guard TEXT NOT NULL,
    message TEXT NOT NULL
);
INSERT INTO review.tripped
SELECT tripped_id, run_id, pipeline, scope, guard, blanked(message) FROM main.tripped;

CREATE TABLE review.allowances (
    allowance_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    who TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_by_run TEXT REFERENCES runs (run_id)
);
INSERT INTO review.allowances
SELECT allowance_id, run_id, pipeline, scope, reason, who, expires_at, used_by_run
FROM main.allowances;

CREATE TABLE review.links (
    link_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    remote_id TEXT NOT NULL
);
INSERT INTO review.links
SELECT link_id, run_id, pipeline, scope, key, name, action, remote_id FROM main.links;
CREATE INDEX review.links_by_scope ON links (scope);

CREATE TABLE review.standings (
    standing_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    entity TEXT NOT NULL,
    key TEXT,
    name TEXT NOT NULL,
    standing TEXT NOT NULL,
    row INTEGER,
    words TEXT NOT NULL,
    fields TEXT NOT NULL,
    remote_id TEXT
);
INSERT INTO review.standings
SELECT standing_id, run_id, pipeline, scope, entity, key, name, standing, row, blanked(words),
    blanked(fields), remote_id
FROM main.standings;
CREATE INDEX review.standings_by_run ON standings (run_id);
