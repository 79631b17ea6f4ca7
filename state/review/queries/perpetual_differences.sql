-- A field of a unit that the API took in three nights in a row or more, and which differed again.
WITH taken AS (
    SELECT changes.pipeline, changes.scope, changes.key, changes.name, fields.field, fields.before,
        fields.after, changes.run_id, results.night,
        results.night - row_number() OVER (
            PARTITION BY changes.pipeline, changes.scope, changes.key, fields.field
            ORDER BY results.night) AS streak
    FROM fields
    JOIN changes USING (change_id)
    JOIN results USING (run_id, pipeline)
    WHERE changes.entity = 'unit' AND changes.outcome = 'applied' AND results.night IS NOT NULL
),
streaks AS (
    SELECT pipeline, scope, key, field, streak, count(*) AS nights, min(night) AS first,
        max(night) AS last
    FROM taken GROUP BY pipeline, scope, key, field, streak HAVING count(*) >= 3
)
SELECT streaks.pipeline, streaks.scope, streaks.key, ended.name, streaks.field, streaks.nights,
    iif(streaks.last = (
        SELECT max(night) FROM results WHERE results.pipeline = streaks.pipeline), 'yes', 'no')
        AS goes_on,
    ended.before AS last_before, ended.after AS last_after, begun.run_id AS first_run,
    ended.run_id AS last_run
FROM streaks
JOIN taken AS begun USING (pipeline, scope, key, field, streak)
JOIN taken AS ended USING (pipeline, scope, key, field, streak)
WHERE begun.night = streaks.first AND ended.night = streaks.last
ORDER BY goes_on DESC, streaks.nights DESC, streaks.pipeline, streaks.scope, streaks.key,
    streaks.field
