-- Custom fields of records. Asked for: getvariable('entity'), and ('field'), '' for all of them.

CREATE MACRO asked(of_entity, of_field) AS
    of_entity = coalesce(nullif(getvariable('entity'), ''), 'deal') AND getvariable('field') IN ('', of_field);
CREATE MACRO end_of_window() AS getvariable('hi') - 1;

-- What a field of a record holds, since <= t < until; blank text is nothing.
CREATE TABLE holding AS
SELECT r.subject, r.entity, f.member[8:] AS field, f.value, f.text, greatest(f.since, r.created) AS since, f.until
FROM fact f JOIN record r USING (subject)
WHERE f.member LIKE 'custom.%' AND NOT r.deleted AND f.until > r.created AND regexp_matches(f.text, '\S');

-- A field as it is declared now.
CREATE TABLE declared AS
SELECT split_part(key, '.', 1) AS entity, substr(key, strpos(key, '.') + 1) AS field, finally(subject, 'kind') AS kind,
    from_json(finally(subject, 'choices'), '["VARCHAR"]') AS choices, finally(subject, 'pattern') AS pattern,
    finally(subject, 'capture_minutes')::DECIMAL(18, 6) AS capture_minutes
FROM record WHERE entity = 'field' AND NOT deleted;

-- A field that is declared or in use; the one asked for in any case.
CREATE TABLE field AS SELECT entity, field FROM declared UNION SELECT entity, field FROM holding;
CREATE VIEW asked_field AS
SELECT field FROM field WHERE asked(entity, field) UNION SELECT getvariable('field') WHERE getvariable('field') <> '';

CREATE VIEW field_value_distribution AS
SELECT end_of_window() AS at_ns, owner_at(subject, end_of_window()) AS usr, team_at(subject, end_of_window()) AS team, 1 AS top
FROM holding WHERE asked(entity, field) AND since <= end_of_window() AND end_of_window() < until;

CREATE VIEW field_fill_rate AS
SELECT end_of_window() AS at_ns, owner_at(r.subject, end_of_window()) AS usr, team_at(r.subject, end_of_window()) AS team,
    (h.subject IS NOT NULL)::INTEGER AS top, 1 AS bottom
FROM record r CROSS JOIN asked_field f LEFT JOIN holding h ON h.subject = r.subject AND h.field = f.field
    AND h.since <= end_of_window() AND end_of_window() < h.until
WHERE asked(r.entity, f.field) AND NOT r.deleted AND r.created < getvariable('hi');

-- A change of what a field holds: it is filled, or emptied; of another value both.
CREATE TABLE turnover AS
SELECT subject, entity, field, since AS at_ns, 1 AS change FROM holding
UNION ALL SELECT subject, entity, field, until, -1 FROM holding WHERE until < ever();
CREATE VIEW field_value_trend AS
SELECT at_ns, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team, change AS top
FROM turnover WHERE asked(entity, field) AND in_window(at_ns);

-- A heartbeat that names a field, and how long somebody was at it.
CREATE TABLE field_beat AS
WITH named AS (
    SELECT subject, made_by, created AS at_ns, finally(subject, 'field') AS name, finally(subject, 'module') AS module,
        coalesce(finally(subject, 'active_ms')::BIGINT, 0) AS active_ms
    FROM record WHERE entity = 'heartbeat' AND made_by IS NOT NULL AND NOT deleted),
entity AS (SELECT unnest(['deal', 'lead', 'contact', 'account', 'ticket', 'quote', 'meeting']) AS entity)
SELECT n.*, e.entity, CASE WHEN starts_with(name, e.entity || '.') THEN substr(name, length(e.entity) + 2) ELSE name END AS field
FROM named n, entity e WHERE starts_with(name, e.entity || '.') OR (module = e.entity AND name IS NOT NULL);

-- A use of a field: an event that says what is in it, or a heartbeat.
CREATE TABLE field_use AS
WITH used AS (
    SELECT m.subject, m.entity, m.member[8:] AS field, m.pos FROM mention m JOIN record r USING (subject)
    WHERE m.member LIKE 'custom.%' AND NOT r.deleted
    UNION ALL SELECT subject, entity, field, made_by FROM field_beat)
SELECT u.entity, u.field, s.at_ns, coalesce(s.actor, owner_at(u.subject, s.at_ns)) AS usr,
    CASE WHEN s.actor IS NULL THEN team_at(u.subject, s.at_ns) END AS team
FROM used u JOIN said s USING (pos);
CREATE VIEW field_usage AS
SELECT at_ns, usr, team, 1 AS top FROM field_use WHERE asked(entity, field) AND in_window(at_ns);

-- A field that is filled now, and whether that is not as it is declared; a number may be written as text, and a pattern that is none
-- asks for nothing.
CREATE MACRO is_number(value) AS json_type(value) <> 'BOOLEAN' AND regexp_full_match(trim(value->>'$'), '[+-]?\d+(\.\d+)?');
CREATE MACRO is_date(text) AS regexp_full_match(text, '\d{4}-\d{2}-\d{2}') AND try_cast(text AS DATE) IS NOT NULL;
CREATE TABLE entered AS
SELECT h.subject, h.entity, h.field, (d.kind IS NOT DISTINCT FROM 'number' AND NOT is_number(h.value))
    OR (d.kind IS NOT DISTINCT FROM 'date' AND NOT is_date(h.text))
    OR ((d.kind IS NOT DISTINCT FROM 'choice' OR coalesce(len(d.choices) > 0, false))
        AND NOT list_contains(coalesce(d.choices, []), h.text))
    OR coalesce(TRY(NOT regexp_full_match(h.text, d.pattern)), false) AS wrong
FROM holding h LEFT JOIN declared d USING (entity, field) WHERE h.until = ever();
CREATE VIEW field_invalid_rate AS
SELECT created AS at_ns, owner_at(subject, created) AS usr, team_at(subject, created) AS team, wrong::INTEGER AS top, 1 AS bottom
FROM entered JOIN record USING (subject, entity) WHERE asked(entity, field) AND in_window(created);

-- The deals closed in the window that have the field filled now, and the others, and how many of each are won.
CREATE VIEW field_decided AS
WITH decided AS (
    SELECT c.outcome = 'won' AS won, e.subject IS NOT NULL AS filled
    FROM closed c LEFT JOIN entered e ON e.subject = c.subject AND e.field = getvariable('field') WHERE in_window(c.at_ns))
SELECT count(*) FILTER (filled) AS filled, count(*) FILTER (filled AND won) AS filled_won,
    count(*) FILTER (NOT filled) AS others, count(*) FILTER (NOT filled AND won) AS others_won FROM decided;
CREATE VIEW field_lift AS
SELECT 100 * (filled_won * others - others_won * filled) AS top, filled * others AS bottom FROM field_decided;

-- What it brings, (filled_won / filled - others_won / others) * filled * revenue / deals won, and what it costs: the time by what
-- an hour costs; both times 3,600,000 * others * deals won.
CREATE VIEW field_roi AS
WITH hour AS MATERIALIZED (SELECT amount * rate_on(code, day_of(getvariable('now'))) AS money FROM hourly_cost),
declared_ms AS (SELECT (capture_minutes * 60000)::BIGINT AS ms FROM declared WHERE asked(entity, field)),
seen AS (SELECT sum(active_ms)::BIGINT AS ms FROM field_beat WHERE asked(entity, field) AND in_window(at_ns)),
known AS MATERIALIZED (
    SELECT *, coalesce((SELECT ms FROM declared_ms) * filled, (SELECT ms FROM seen), 0) AS ms, (SELECT money FROM hour) AS hourly,
        (SELECT sum(top) FROM revenue_won) AS revenue, (SELECT sum(top) FROM deals_won) AS sales FROM field_decided),
weighed AS (
    SELECT 3600000 * (filled_won * others - others_won * filled) * revenue AS gain,
        CASE WHEN filled > 0 THEN ms * hourly * others * sales END AS cost FROM known)
SELECT gain - cost AS top, cost AS bottom FROM weighed;
