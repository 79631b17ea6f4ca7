-- The units of a facility (or community) as they were known when a run ended.
--
-- A field has the value that the first change after the run found; else the one that is known now;
-- else, for a unit that is known no more, the last one that the API had taken by then. What a reading
-- of the API changed in the meantime, without a change of ours, is seen with its new value.
WITH moment AS (
    SELECT max(serial) AS serial FROM runs
    WHERE trim(:run) IN ('', 'last') OR substr(run_id, 1, length(trim(:run))) = trim(:run)
),
taken AS (
    SELECT changes.*, runs.serial FROM changes JOIN runs USING (run_id)
    WHERE scope = trim(:scope) AND entity = 'unit' AND outcome = 'applied'
),
-- When units came and went: of what one run did, coming is the last.
steps AS (
    SELECT pipeline, key, name, serial, 1 AS here FROM taken WHERE action = 'create'
    UNION ALL
    SELECT pipeline, key, name, serial, action = 'linked'
    FROM links JOIN runs USING (run_id) WHERE scope = trim(:scope)
),
-- A step is odd when it is a coming.
here AS MATERIALIZED (
    SELECT pipeline, key,
        max(iif(steps.serial <= moment.serial, 2 * steps.serial + here, NULL)) AS last,
        min(iif(steps.serial > moment.serial, steps.serial, NULL)) AS replaced
    FROM steps, moment GROUP BY pipeline, key HAVING last % 2 = 1
),
claims AS (
    SELECT taken.pipeline, taken.key, fields.field, fields.before AS value, 1 AS rank,
        change_id AS place
    FROM taken JOIN fields USING (change_id) JOIN here USING (pipeline, key), moment
    WHERE taken.serial > moment.serial AND (here.replaced IS NULL OR taken.serial < here.replaced)
    UNION ALL
    SELECT units.pipeline, units.key, known.key, known.value, 2, 0
    FROM units JOIN here USING (pipeline, key), json_each(units.payload) AS known
    WHERE units.scope = trim(:scope) AND here.replaced IS NULL
    UNION ALL
    SELECT units.pipeline, units.key, 'unit_group', units.group_key, 2, 0
    FROM units JOIN here USING (pipeline, key)
    WHERE units.scope = trim(:scope) AND here.replaced IS NULL
    UNION ALL
    SELECT taken.pipeline, taken.key, fields.field, fields.after, 3, -change_id
    FROM taken JOIN fields USING (change_id) JOIN here USING (pipeline, key), moment
    WHERE taken.serial <= moment.serial AND here.replaced IS NOT NULL
    UNION ALL
    SELECT taken.pipeline, taken.key, made.key, made.value, 3, -change_id
    FROM taken JOIN here USING (pipeline, key), json_each(taken.after) AS made, moment
    WHERE taken.serial <= moment.serial AND taken.action = 'create' AND here.replaced IS NOT NULL
    UNION ALL
    SELECT taken.pipeline, taken.key, 'unit_group', taken.group_key, 3, -change_id
    FROM taken JOIN here USING (pipeline, key), moment
    WHERE taken.serial <= moment.serial AND taken.action = 'create' AND here.replaced IS NOT NULL
    UNION ALL
    SELECT steps.pipeline, steps.key, 'last_name', steps.name, 4, -steps.serial
    FROM steps JOIN here USING (pipeline, key), moment WHERE steps.serial <= moment.serial
),
believed AS (
    SELECT pipeline, key, field, value FROM (
        SELECT *, row_number() OVER (PARTITION BY pipeline, key, field ORDER BY rank, place) AS nth
        FROM claims)
    WHERE nth = 1
    ORDER BY pipeline, key, field
)
SELECT pipeline, key,
    coalesce(
        max(value) FILTER (WHERE field = 'name'),
        max(value) FILTER (WHERE field = 'unit_number'),
        max(value) FILTER (WHERE field = 'last_name')) AS name,
    max(value) FILTER (WHERE field = 'unit_group') AS group_key,
    max(value) FILTER (WHERE field = 'standard_rate') AS standard_rate,
    max(value) FILTER (WHERE field = 'rentable') AS rentable,
    json_group_object(
        field, iif(substr(value, 1, 1) = '[' AND json_valid(value), json(value), value))
        FILTER (WHERE field NOT IN ('unit_group', 'last_name')) AS fields,
    (SELECT run_id FROM runs JOIN moment USING (serial)) AS as_of_run
FROM believed
GROUP BY pipeline, key
ORDER BY pipeline, key
