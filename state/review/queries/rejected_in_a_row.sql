-- Rows of one key that were rejected in three nights in a row or more. Nights without a gap have the
-- same distance from their place among the rejected ones.
WITH rejected AS (
    SELECT DISTINCT pipeline, key, night
    FROM rejections JOIN results USING (run_id, pipeline)
    WHERE key IS NOT NULL AND night IS NOT NULL
),
placed AS (
    SELECT *, night - row_number() OVER (PARTITION BY pipeline, key ORDER BY night) AS streak
    FROM rejected
),
streaks AS (
    SELECT pipeline, key, count(*) AS nights, min(night) AS first, max(night) AS last
    FROM placed GROUP BY pipeline, key, streak HAVING count(*) >= 3
)
SELECT streaks.pipeline, rejections.scope, streaks.key, streaks.nights,
    iif(streaks.last = (
        SELECT max(night) FROM results WHERE results.pipeline = streaks.pipeline), 'yes', 'no')
        AS goes_on,
    group_concat(rejections.message, char(10)) AS last_messages,
    min(rejections.row) AS last_row, begun.run_id AS first_run, ended.run_id AS last_run
FROM streaks
JOIN results AS begun ON begun.pipeline = streaks.pipeline AND begun.night = streaks.first
JOIN results AS ended ON ended.pipeline = streaks.pipeline AND ended.night = streaks.last
JOIN rejections ON rejections.run_id = ended.run_id AND rejections.pipeline = streaks.pipeline
    AND rejections.key = streaks.key
GROUP BY streaks.pipeline, streaks.key, streaks.last
ORDER BY goes_on DESC, streaks.nights DESC, streaks.pipeline, streaks.key
