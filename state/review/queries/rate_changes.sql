-- Rates that moved, or were to move, by more than a fifth; the newest night first.
SELECT runs.started_at, changes.pipeline, changes.scope, changes.key, changes.name,
    fields.before AS rate_before, fields.after AS rate_after,
    round((fields.after / (1.0 * fields.before) - 1) * 100, 1) AS percent,
    changes.outcome, changes.words, changes.run_id
FROM fields
JOIN changes USING (change_id)
JOIN runs USING (run_id)
WHERE fields.field = 'standard_rate' AND changes.entity = 'unit'
    AND typeof(fields.before) IN ('integer', 'real') AND typeof(fields.after) IN ('integer', 'real')
    AND fields.before > 0 AND abs(fields.after - fields.before) > 0.2 * fields.before
ORDER BY runs.serial DESC, abs(percent) DESC, changes.pipeline, changes.scope, changes.key
