BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'unitsync','m001_tables','2026-11-25 22:23:53.771285+00:00');
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
INSERT INTO "changes" VALUES(1,'run-2','storage','11111111-1111-4111-8111-111111111111','group','10x10','10x10 indoor','create','{}','{"name":"10x10 indoor","reference_attributes":{"access_type":"indoor","door_height":7,"door_width":8,"height":8,"length":10,"standard_rate":100,"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","width":10},"reference_unit":"u1"}','c8eb9299-cb0b-5576-bfd7-aaab74946923',NULL,'',NULL,NULL,'applied','',200,'999d7923-5079-5291-a946-2e02383a01f3',3);
INSERT INTO "changes" VALUES(2,'run-2','storage','11111111-1111-4111-8111-111111111111','unit','u1','A1','create','{}','{"access_type":"indoor","combination_lock_number":"hmac:933d55fc9ac8d6138cc1e6c2ec575c63","door_height":7,"door_type":"roll_up","door_width":8,"height":8,"length":10,"name":"A1","standard_rate":100,"tax_rates":["b8e13a42-3804-4ede-a763-3b83b3901536"],"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","walk_thru_order":1,"width":10}','ac54f63f-e62b-50f4-9f55-8f0045fbcd53','10x10','0487b4cdfa662e991f606ff57c740bd4',2,NULL,'applied','',201,'60eaeac2-b434-5f8c-9776-e61e103482b6',2);
INSERT INTO "changes" VALUES(3,'run-2','storage','11111111-1111-4111-8111-111111111111','unit','u2','A2','create','{}','{"access_type":"indoor","combination_lock_number":"hmac:e93ea2172a7a4a5ff5ccd641b3424f42","door_height":7,"door_type":"roll_up","door_width":8,"height":8,"length":10,"name":"A2","standard_rate":100,"tax_rates":["b8e13a42-3804-4ede-a763-3b83b3901536"],"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","walk_thru_order":1,"width":10}','bb662212-805b-54cc-87d0-31e7eebf089d','10x10','f06193bff37c6ef2824a77fb30f93b43',3,NULL,'applied','',201,'60eaeac2-b434-5f8c-9776-e61e103482b6',2);
INSERT INTO "changes" VALUES(4,'run-2','storage','11111111-1111-4111-8111-111111111111','unit','u3','A3','create','{}','{"access_type":"indoor","combination_lock_number":"hmac:c6342164d726a7befc57c71cfb2051d5","door_height":7,"door_type":"roll_up","door_width":8,"height":8,"length":10,"name":"A3","standard_rate":100,"tax_rates":["b8e13a42-3804-4ede-a763-3b83b3901536"],"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","walk_thru_order":1,"width":10}','0c17415e-4de5-523f-93e3-c671db40b611','10x10','54ade51516cd0152b3ce2e9f94c519c4',4,NULL,'applied','',201,'60eaeac2-b434-5f8c-9776-e61e103482b6',2);
INSERT INTO "changes" VALUES(5,'run-2','storage','11111111-1111-4111-8111-111111111111','unit','u4','A4','create','{}','{"access_type":"indoor","combination_lock_number":"hmac:efba1ca61105461b5c69a68483e2bea3","door_height":7,"door_type":"roll_up","door_width":8,"height":8,"length":10,"name":"A4","standard_rate":100,"tax_rates":["b8e13a42-3804-4ede-a763-3b83b3901536"],"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","walk_thru_order":1,"width":10}','e45f1794-c206-5d9a-bbfd-47d7e350d582','10x10','9777a893715c77f145564abbe0a39d6a',5,NULL,'applied','',201,'60eaeac2-b434-5f8c-9776-e61e103482b6',2);
INSERT INTO "changes" VALUES(6,'run-5','storage','11111111-1111-4111-8111-111111111111','unit','u3','A3','retire','{"rentable":null}','{"rentable":false}','0c17415e-4de5-523f-93e3-c671db40b611','10x10','',NULL,'SourceShrank: 2 of 4 units of the last accepted extract are gone (50%) in 11111111-1111-4111-8111-111111111111; guardrails.max_missing allows 10%. The dangerous changes of this scope are held; if the source is right, set guardrails.max_missing to 50% for one run','held','SourceShrank: 2 of 4 units of the last accepted extract are gone (50%) in 11111111-1111-4111-8111-111111111111; guardrails.max_missing allows 10%. The dangerous changes of this scope are held; if the source is right, set guardrails.max_missing to 50% for one run',NULL,NULL,NULL);
INSERT INTO "changes" VALUES(7,'run-5','storage','11111111-1111-4111-8111-111111111111','unit','u4','A4','retire','{"rentable":null}','{"rentable":false}','e45f1794-c206-5d9a-bbfd-47d7e350d582','10x10','',NULL,'SourceShrank: 2 of 4 units of the last accepted extract are gone (50%) in 11111111-1111-4111-8111-111111111111; guardrails.max_missing allows 10%. The dangerous changes of this scope are held; if the source is right, set guardrails.max_missing to 50% for one run','held','SourceShrank: 2 of 4 units of the last accepted extract are gone (50%) in 11111111-1111-4111-8111-111111111111; guardrails.max_missing allows 10%. The dangerous changes of this scope are held; if the source is right, set guardrails.max_missing to 50% for one run',NULL,NULL,NULL);
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
INSERT INTO "groups" VALUES('storage','11111111-1111-4111-8111-111111111111','10x10','c8eb9299-cb0b-5576-bfd7-aaab74946923','10x10 indoor','{"name":"10x10 indoor","reference_attributes":{"access_type":"indoor","door_height":7,"door_width":8,"height":8,"length":10,"standard_rate":100,"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","width":10},"reference_unit":"u1"}','81c52ac572d37228');
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
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    lineage TEXT NOT NULL,
    serial INTEGER NOT NULL
) STRICT;
INSERT INTO "meta" VALUES(1,'run-3',2);
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
CREATE TABLE request_changes (
    request_id INTEGER NOT NULL REFERENCES requests (request_id),
    change_id INTEGER NOT NULL REFERENCES changes (change_id),
    PRIMARY KEY (request_id, change_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "request_changes" VALUES(1,1);
INSERT INTO "request_changes" VALUES(3,1);
INSERT INTO "request_changes" VALUES(2,2);
INSERT INTO "request_changes" VALUES(2,3);
INSERT INTO "request_changes" VALUES(2,4);
INSERT INTO "request_changes" VALUES(2,5);
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
INSERT INTO "requests" VALUES(1,'run-2','storage','11111111-1111-4111-8111-111111111111','POST','/v1/11111111-1111-4111-8111-111111111111/unit_groups','create groups','answered','2026-01-05T02:00:00.000000+00:00','2026-01-05T02:00:00.000000+00:00',201,'','bb0c6c71-9acd-55a4-a087-429fbbf632d9',NULL);
INSERT INTO "requests" VALUES(2,'run-2','storage','11111111-1111-4111-8111-111111111111','POST','/v1/11111111-1111-4111-8111-111111111111/units/bulk_create','create units','answered','2026-01-05T02:00:00.000000+00:00','2026-01-05T02:00:00.000000+00:00',201,'','60eaeac2-b434-5f8c-9776-e61e103482b6',NULL);
INSERT INTO "requests" VALUES(3,'run-2','storage','11111111-1111-4111-8111-111111111111','PATCH','/v1/11111111-1111-4111-8111-111111111111/unit_groups','update groups','answered','2026-01-05T02:00:00.000000+00:00','2026-01-05T02:00:00.000000+00:00',200,'','999d7923-5079-5291-a946-2e02383a01f3',NULL);
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
INSERT INTO "runs" VALUES('run-2',1,'sync','["storage"]','ok','2026-01-05T02:00:00.000000+00:00','2026-01-05T02:00:00.000000+00:00','{"kind":"sync","pipelines":[{"counts":{"collapsed":0,"created":4,"extracted":4,"failed":0,"groups_created":1,"groups_updated":0,"held":0,"missing":0,"moved":0,"rejected":0,"retired":0,"unchanged":0,"unknown":0,"updated":0},"pipeline":"storage","requests":5,"seconds":0.0,"status":"ok"}],"report":"reports/2026-01-05T02-00-00Z-run-2.html","run_id":"run-2","status":"ok"}');
INSERT INTO "runs" VALUES('run-5',2,'sync','["storage"]','attention','2026-01-06T02:00:00.000000+00:00','2026-01-06T02:00:00.000000+00:00','{"kind":"sync","pipelines":[{"counts":{"collapsed":0,"created":0,"extracted":2,"failed":0,"groups_created":0,"groups_updated":0,"held":2,"missing":2,"moved":0,"rejected":0,"retired":0,"unchanged":2,"unknown":0,"updated":0},"pipeline":"storage","requests":2,"seconds":0.0,"status":"attention"}],"report":"reports/2026-01-06T02-00-00Z-run-5.html","run_id":"run-5","status":"attention"}');
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
INSERT INTO "scopes" VALUES('storage','11111111-1111-4111-8111-111111111111',NULL,NULL,2,'run-5','2026-01-06T02:00:00.000000+00:00','run-2','2026-01-05T02:00:00.000000+00:00',4,'[]','["u1","u2","u3","u4"]');
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
INSERT INTO "units" VALUES('storage','11111111-1111-4111-8111-111111111111','u1','ac54f63f-e62b-50f4-9f55-8f0045fbcd53','A1','10x10','0487b4cdfa662e991f606ff57c740bd4',0,'{"access_type":"indoor","combination_lock_number":"hmac:933d55fc9ac8d6138cc1e6c2ec575c63","door_height":7,"door_type":"roll_up","door_width":8,"height":8,"length":10,"name":"A1","standard_rate":100,"tax_rates":["b8e13a42-3804-4ede-a763-3b83b3901536"],"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","walk_thru_order":1,"width":10}','f90d83b5e1fa3285');
INSERT INTO "units" VALUES('storage','11111111-1111-4111-8111-111111111111','u2','bb662212-805b-54cc-87d0-31e7eebf089d','A2','10x10','f06193bff37c6ef2824a77fb30f93b43',0,'{"access_type":"indoor","combination_lock_number":"hmac:e93ea2172a7a4a5ff5ccd641b3424f42","door_height":7,"door_type":"roll_up","door_width":8,"height":8,"length":10,"name":"A2","standard_rate":100,"tax_rates":["b8e13a42-3804-4ede-a763-3b83b3901536"],"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","walk_thru_order":1,"width":10}','4bfec715307fd2cc');
INSERT INTO "units" VALUES('storage','11111111-1111-4111-8111-111111111111','u3','0c17415e-4de5-523f-93e3-c671db40b611','A3','10x10','54ade51516cd0152b3ce2e9f94c519c4',0,'{"access_type":"indoor","combination_lock_number":"hmac:c6342164d726a7befc57c71cfb2051d5","door_height":7,"door_type":"roll_up","door_width":8,"height":8,"length":10,"name":"A3","standard_rate":100,"tax_rates":["b8e13a42-3804-4ede-a763-3b83b3901536"],"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","walk_thru_order":1,"width":10}','fab7a5991f4cca8a');
INSERT INTO "units" VALUES('storage','11111111-1111-4111-8111-111111111111','u4','e45f1794-c206-5d9a-bbfd-47d7e350d582','A4','10x10','9777a893715c77f145564abbe0a39d6a',0,'{"access_type":"indoor","combination_lock_number":"hmac:efba1ca61105461b5c69a68483e2bea3","door_height":7,"door_type":"roll_up","door_width":8,"height":8,"length":10,"name":"A4","standard_rate":100,"tax_rates":["b8e13a42-3804-4ede-a763-3b83b3901536"],"unit_type":"f7687db9-654a-4018-8d27-bd0f3bfd25a0","walk_thru_order":1,"width":10}','cb20167c524516c2');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX units_by_key ON units (key, pipeline);
CREATE INDEX units_by_name ON units (name);
CREATE INDEX changes_by_key ON changes (key);
CREATE INDEX changes_by_name ON changes (name);
CREATE INDEX requests_open ON requests (pipeline, scope) WHERE state = 'sent';
CREATE INDEX requests_of_change ON request_changes (change_id);
CREATE INDEX links_by_key ON links (key);
CREATE INDEX links_by_name ON links (name);
CREATE INDEX rejections_by_run ON rejections (run_id);
CREATE INDEX rejections_by_key ON rejections (key);
CREATE INDEX allowances_by_scope ON allowances (pipeline, scope)
;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('changes',7);
INSERT INTO "sqlite_sequence" VALUES('requests',3);
COMMIT;
PRAGMA application_id = 1970172793;
PRAGMA user_version = 1;
