-- The last change of each unit or group, where it failed and no later sync was done with its scope
-- without planning it again.
SELECT changes.pipeline, changes.scope, changes.entity, changes.key, changes.name, changes.action,
    changes.status, changes.words, changes.row, changes.before, changes.after, changes.run_id,
    runs.started_at
FROM changes
JOIN runs USING (run_id)
WHERE changes.outcome = 'failed'
    AND change_id IN (
        SELECT max(change_id) FROM changes WHERE outcome <> 'abandoned'
        GROUP BY pipeline, scope, entity, key)
    AND NOT EXISTS (
        SELECT 1 FROM scopes JOIN runs AS later ON later.run_id = scopes.synced_run
        WHERE scopes.pipeline = changes.pipeline AND scopes.scope = changes.scope
            AND later.kind = 'sync' AND later.serial > runs.serial)
ORDER BY changes.pipeline, changes.words, changes.scope, changes.key
