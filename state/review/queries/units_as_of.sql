-- The units of a facility (or community) as they were known when a run ended: as they were before the
-- first run after it that altered them, else as they are known now.
WITH moment AS (
    SELECT run_id, serial FROM runs
    WHERE remembered AND (trim(:run) IN ('', 'last')
        OR substr(run_id, 1, length(trim(:run))) = trim(:run))
    ORDER BY serial DESC LIMIT 1
),
altered AS (
    SELECT past_units.*, row_number() OVER (
        PARTITION BY pipeline, key ORDER BY past_units.serial) AS nth
    FROM past_units, moment
    WHERE scope = trim(:scope) AND past_units.serial > moment.serial
),
then_known AS (
    SELECT pipeline, key, name, group_key, standard_rate, rentable, remote_id, payload
    FROM altered WHERE nth = 1
    UNION ALL
    SELECT pipeline, key, name, group_key, standard_rate, rentable, remote_id, payload
    FROM units
    WHERE scope = trim(:scope)
        AND (pipeline, key) NOT IN (SELECT pipeline, key FROM altered WHERE nth = 1)
)
SELECT then_known.pipeline, key, name, group_key, standard_rate, rentable, payload AS fields,
    moment.run_id AS as_of_run
FROM then_known, moment
WHERE remote_id IS NOT NULL
ORDER BY then_known.pipeline, key
