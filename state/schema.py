"""The tables, and how an older file becomes a newer one.

Promises that a file is either wholly at one schema version or untouched: all migrations run in
one transaction with the version number. A migration, once released, is never edited: add another
and raise nothing by hand, the version is their number.

What a row means:

- `meta`      one: which state this is (`lineage`), and how many runs it has seen.
- `runs`      one per run. `running` after its process died is a run that was killed; the next one
              calls it `died`, and `told_by` is the first run that came to its end and told of it.
- `scopes`    one per scope. `in_flight` names the run that sent something there and did not settle
              it, or found something to look at again: read the scope before believing `units`.
              `digest` is null unless every unit of the scope is known to be in step. `strangers`:
              the last reading showed live units that no key is linked to; read again before
              anything is created there, for it may be live already.
- `units`, `groups`  what the API last confirmed. `row_hash` seals the row.
- `changes`   one per change per run. `planned` (nothing known yet), `sent` (in a request without an
              answer), then exactly one outcome; `abandoned` when its run ended before sending it.
              `request_id` is the last request that carried it; `request_changes` has them all.
- `requests`  the journal. `sent` before the wire, `answered` after, `settled` when reading the API
              had to decide. A row stays `sent`, so open, as long as its effect, or that of one
              change in it, is not known.
- `rejections`  one per rule that a row of the source broke in a run.
- `links`     one per unit or group that was linked to one at the vendor, or let go of, because a
              reading decided it (`state.links`).
- `tripped`   one per guardrail that tripped, with what it was about (`transforms.allowance`).
- `allowances`  one per scope that a person let through; used by one run, or never.
- `standings`  one per unit or group that a reconciliation did not find in step;
              `standing_tallies` counts all of them. `readings` has a row for each scope that it
              tried to read, with the error of one that could not be.
- `told`      how a change stood when its run ended or died, where a later run may settle it: the
              view `changes_as_told` shows a run as its own report did.
- `past_units`  one per unit and run that altered what is known of it: what was known before
              (`state.past`); kept from the run `past_begins` on.
- `absences`  one per time that a known unit was missing from its source, from the serial of one run
              until that of another.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

# "unsy" in ASCII: `file` and the opening checks know our files by it.
APPLICATION_ID = 0x756E7379

_migrations = Migrations("unitsync")


@_migrations()
def m001_tables(db: Database) -> None:
    """Everything that a nightly run needs."""
    for statement in _TABLES.split(";\n"):
        db.execute(statement)


@_migrations()
def m002_tripped(db: Database) -> None:
    """What guardrails held, for a person to let through; and who is live that we do not know."""
    for statement in _TRIPPED.split(";\n"):
        db.execute(statement)


@_migrations()
def m003_standings(db: Database) -> None:
    """What reconciliations found."""
    for statement in _STANDINGS.split(";\n"):
        db.execute(statement)


@_migrations()
def m004_as_of(db: Database) -> None:
    """What a report has told, what was known before, and who was missing: to be told again."""
    for statement in _AS_OF.split(";\n"):
        db.execute(statement)


@_migrations()
def m005_deaths(db: Database) -> None:
    """Where a run runs, and who told of its death."""
    for statement in _DEATHS.split(";\n"):
        db.execute(statement)


SCHEMA_VERSION = 5


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date, inside the transaction that the caller has begun."""
    db = Database(connection, recursive_triggers=False, execute_plugins=False)
    _migrations.apply(db)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


_TABLES = """
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    lineage TEXT NOT NULL,
    serial INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    serial INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    pipelines TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    summary TEXT
) STRICT;

CREATE TABLE scopes (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    digest TEXT,
    in_flight TEXT,
    missing INTEGER NOT NULL DEFAULT 0,
    synced_run TEXT,
    synced_at TEXT,
    accepted_run TEXT,
    accepted_at TEXT,
    accepted_rows INTEGER,
    accepted_columns TEXT,
    accepted_keys TEXT,
    PRIMARY KEY (pipeline, scope)
) STRICT;

CREATE TABLE units (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    name TEXT NOT NULL,
    group_key TEXT,
    digest TEXT NOT NULL,
    retired INTEGER NOT NULL CHECK (retired IN (0, 1)),
    payload TEXT NOT NULL,
    row_hash TEXT NOT NULL,
    PRIMARY KEY (pipeline, scope, key),
    UNIQUE (pipeline, scope, remote_id),
    FOREIGN KEY (pipeline, scope) REFERENCES scopes (pipeline, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX units_by_key ON units (key, pipeline);
CREATE INDEX units_by_name ON units (name);

CREATE TABLE groups (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    row_hash TEXT NOT NULL,
    PRIMARY KEY (pipeline, scope, key),
    UNIQUE (pipeline, scope, remote_id),
    FOREIGN KEY (pipeline, scope) REFERENCES scopes (pipeline, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
    change_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    entity TEXT NOT NULL CHECK (entity IN ('unit', 'group')),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('create', 'update', 'move', 'retire')),
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    remote_id TEXT,
    group_key TEXT,
    digest TEXT NOT NULL,
    row INTEGER,
    held TEXT,
    outcome TEXT NOT NULL DEFAULT 'planned' CHECK (outcome IN
        ('planned', 'sent', 'applied', 'failed', 'held', 'unknown', 'abandoned')),
    words TEXT NOT NULL DEFAULT '',
    status INTEGER,
    vendor_request_id TEXT,
    request_id INTEGER REFERENCES requests (request_id),
    UNIQUE (run_id, pipeline, scope, entity, key)
) STRICT;
CREATE INDEX changes_by_key ON changes (key);
CREATE INDEX changes_by_name ON changes (name);

CREATE TABLE requests (
    request_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'answered', 'settled')),
    sent_at TEXT NOT NULL,
    answered_at TEXT,
    status INTEGER,
    words TEXT NOT NULL DEFAULT '',
    vendor_request_id TEXT,
    settled_by TEXT REFERENCES runs (run_id)
) STRICT;
CREATE INDEX requests_open ON requests (pipeline, scope) WHERE state = 'sent';

CREATE TABLE request_changes (
    request_id INTEGER NOT NULL REFERENCES requests (request_id),
    change_id INTEGER NOT NULL REFERENCES changes (change_id),
    PRIMARY KEY (request_id, change_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_of_change ON request_changes (change_id);

CREATE TABLE links (
    link_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('linked', 'unlinked')),
    remote_id TEXT NOT NULL,
    name TEXT NOT NULL
) STRICT;
CREATE INDEX links_by_key ON links (key);
CREATE INDEX links_by_name ON links (name);

CREATE TABLE rejections (
    rejection_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    row INTEGER,
    scope TEXT,
    key TEXT,
    field TEXT,
    rule TEXT NOT NULL,
    value TEXT,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX rejections_by_run ON rejections (run_id);
CREATE INDEX rejections_by_key ON rejections (key);

CREATE TABLE allowances (
    allowance_id INTEGER PRIMARY KEY AUTOINCREMENT,
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    reason TEXT NOT NULL,
    who TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_by_run TEXT REFERENCES runs (run_id)
) STRICT;
CREATE INDEX allowances_by_scope ON allowances (pipeline, scope)
"""

_TRIPPED = """
CREATE TABLE tripped (
    tripped_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    guard TEXT NOT NULL,
    message TEXT NOT NULL,
    concern TEXT NOT NULL
) STRICT;
CREATE INDEX tripped_by_run ON tripped (run_id, pipeline, scope);
CREATE INDEX tripped_by_scope ON tripped (pipeline, scope);
-- Until it is read again, an old scope may hold some.
ALTER TABLE scopes ADD COLUMN strangers INTEGER NOT NULL DEFAULT 1 CHECK (strangers IN (0, 1))
"""

_STANDINGS = """
CREATE TABLE standing_tallies (
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    entity TEXT NOT NULL CHECK (entity IN ('unit', 'group')),
    standing TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (run_id, pipeline, scope, entity, standing)
) STRICT, WITHOUT ROWID;
CREATE TABLE standings (
    standing_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    entity TEXT NOT NULL CHECK (entity IN ('unit', 'group')),
    key TEXT,
    name TEXT NOT NULL,
    remote_id TEXT,
    standing TEXT NOT NULL,
    row INTEGER,
    words TEXT NOT NULL,
    fields TEXT NOT NULL
) STRICT;
CREATE INDEX standings_by_run ON standings (run_id, pipeline, scope);
CREATE INDEX standings_by_key ON standings (key)
"""

_AS_OF = """
CREATE TABLE told (
    change_id INTEGER PRIMARY KEY REFERENCES changes (change_id),
    outcome TEXT NOT NULL,
    words TEXT NOT NULL,
    status INTEGER,
    vendor_request_id TEXT
) STRICT;
CREATE VIEW changes_as_told AS
    SELECT change_id, run_id, pipeline, scope, entity, key, name, action, before, after, remote_id,
        group_key, row,
        coalesce(told.outcome, changes.outcome) AS outcome,
        coalesce(told.words, changes.words) AS words,
        iif(told.change_id IS NULL, changes.status, told.status) AS status,
        iif(told.change_id IS NULL, changes.vendor_request_id, told.vendor_request_id)
            AS vendor_request_id
    FROM changes LEFT JOIN told USING (change_id);
CREATE TABLE readings (
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (run_id, pipeline, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO readings (run_id, pipeline, scope)
    SELECT DISTINCT run_id, pipeline, scope FROM standing_tallies;
CREATE TABLE past_units (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    serial INTEGER NOT NULL,
    remote_id TEXT,
    name TEXT,
    group_key TEXT,
    retired INTEGER,
    payload TEXT,
    PRIMARY KEY (pipeline, scope, key, serial)
) STRICT, WITHOUT ROWID;
CREATE TABLE past_begins (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    serial INTEGER NOT NULL
) STRICT;
INSERT INTO past_begins (id, serial) SELECT 1, coalesce((SELECT serial FROM meta), 0);
CREATE TABLE absences (
    pipeline TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (pipeline, scope, key, since)
) STRICT, WITHOUT ROWID
"""

_DEATHS = """
ALTER TABLE runs ADD COLUMN host TEXT;
ALTER TABLE runs ADD COLUMN pid INTEGER;
ALTER TABLE runs ADD COLUMN told_by TEXT REFERENCES runs (run_id);
-- Those who died before anybody told of such things are no news.
UPDATE runs SET told_by = run_id WHERE status = 'died'
"""
