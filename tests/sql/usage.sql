-- CRM usage & system. A view has the name of its KPI.

-- A heartbeat of a user, who was there then.
CREATE TABLE beat AS
WITH heard AS MATERIALIZED (
    SELECT r.subject, r.created AS at_ns, coalesce(s.actor, owner_at(r.subject, r.created)) AS usr,
        nullif(finally(r.subject, 'feature'), '') AS feature, coalesce(finally(r.subject, 'active_ms')::BIGINT, 0) AS active_ms
    FROM record r JOIN said s ON s.pos = r.made_by WHERE r.entity = 'heartbeat' AND NOT r.deleted)
SELECT *, NULL::VARCHAR AS team, teams_of(usr, NULL, at_ns) AS teams FROM heard WHERE usr IS NOT NULL;

CREATE VIEW active_users AS SELECT at_ns, usr, team, usr AS what FROM beat WHERE in_window(at_ns);

CREATE VIEW feature_utilization AS
SELECT count(DISTINCT usr) FILTER (feature IS NOT NULL) AS top, count(DISTINCT usr) AS bottom
FROM beat WHERE in_window(at_ns) AND asked_of(usr, teams);

-- A user who wrote something, and in which teams.
CREATE TABLE writer AS
SELECT at_ns, usr, teams_of(usr, NULL, at_ns) AS teams FROM (SELECT DISTINCT at_ns, usr FROM written WHERE usr IS NOT NULL);

-- Users who are active now: all who are announced, own or owned something or did anything, but those who are said to be gone.
CREATE TABLE active AS
WITH known AS (
    SELECT key AS usr FROM record WHERE entity = 'user' UNION SELECT actor FROM said
    UNION SELECT unnest([data->>'owner_id', data->>'assignee_id', data->>'new_owner', data->>'old_owner',
        data->'changed'->'owner_id'->>'new', data->'changed'->'assignee_id'->>'new']) FROM said)
SELECT usr FROM known LEFT JOIN record r ON r.subject = 'user/' || usr
    LEFT JOIN fact f ON f.subject = r.subject AND f.member = 'active' AND f.until = ever()
WHERE usr <> '' AND NOT coalesce(r.deleted, false) AND coalesce(f.text, 'true') = 'true';
-- The licences that the organisation has, where it says how many.
CREATE TABLE licence AS
SELECT text::BIGINT AS licences FROM fact WHERE entity = 'org' AND member = 'licences' AND until = ever() AND text IS NOT NULL;

CREATE VIEW adoption_rate AS
WITH adopter AS (
    SELECT usr FROM beat WHERE in_window(at_ns) AND asked_of(usr, teams)
    INTERSECT SELECT usr FROM writer WHERE in_window(at_ns) AND asked_of(usr, teams)),
there AS (
    SELECT usr FROM active WHERE getvariable('level') = 'org'
    UNION SELECT m.usr FROM active JOIN member m USING (usr) JOIN above a USING (team)
    WHERE a.up = getvariable('who') AND m.since <= day_of(getvariable('hi') - 1) AND m.until > day_of(getvariable('lo'))
        AND m.since < m.until  -- of several teams in one day the last counts
    UNION FROM adopter)
SELECT (SELECT count(*) FROM adopter) AS top, coalesce(CASE getvariable('level') WHEN 'org' THEN (SELECT licences FROM licence) END,
    (SELECT count(*) FROM there)) AS bottom;

-- A user's time in a quarter of an hour, where it begins: up to 5 minutes before each heartbeat, and gaps of up to 5 minutes.
CREATE TABLE quarter AS
WITH here AS (
    SELECT usr, subject, at_ns // 1000000 - least(active_ms, 300000) AS since, at_ns // 1000000 AS until FROM beat),
apart AS (
    SELECT *, since - 300000 > max(until) OVER (PARTITION BY usr ORDER BY since, subject
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS new FROM here),
numbered AS (SELECT *, count(*) FILTER (new) OVER (PARTITION BY usr ORDER BY since, subject) AS stay FROM apart),
stays AS (SELECT usr, min(since) AS since, max(until) AS until FROM numbered GROUP BY usr, stay),
cut AS (SELECT *, unnest(range(since // 900000, until // 900000 + 1)) AS q FROM stays),
piece AS (SELECT usr, q, greatest(since, q * 900000) AS since, least(until, (q + 1) * 900000) AS until FROM cut)
SELECT usr, min(since) * 1000000 AS at_ns, sum(until - since) AS length_ms FROM piece WHERE since < until GROUP BY usr, q;

CREATE VIEW time_in_system AS
SELECT at_ns, usr, NULL::VARCHAR AS team, length_ms * 0.001 AS top FROM quarter WHERE in_window(at_ns);

-- A run of a workflow: for whom it counts, how long it took and what it spared.
CREATE TABLE run AS
WITH made AS (
    SELECT r.subject, r.created AS at_ns, s.actor, finally(r.subject, 'workflow_id') AS workflow,
        finally(r.subject, 'duration_ms')::BIGINT AS duration_ms, instant(finally(r.subject, 'started_at')) AS started,
        finally(r.subject, 'minutes_saved')::DECIMAL(18, 6) AS minutes
    FROM record r JOIN said s ON s.pos = r.made_by WHERE r.entity = 'automation' AND NOT r.deleted),
credited AS (
    SELECT *, coalesce(actor, owner_at(subject, at_ns)) AS usr, CASE WHEN actor IS NULL THEN team_at(subject, at_ns) END AS team
    FROM made)
SELECT at_ns, usr, team, teams_of(usr, team, at_ns) AS teams, workflow,
    coalesce(duration_ms, CASE WHEN started IS NOT NULL THEN ms_between(started, at_ns) END) AS length_ms,
    (minutes * 60000)::BIGINT AS saved_ms
FROM credited;

-- A process that ended: from when it was on.
CREATE TABLE ended AS
SELECT 'lead_to_deal' AS process, subject, created AS since, at_ns FROM lead_record JOIN lead_first USING (subject)
WHERE status = 'converted'
UNION ALL SELECT 'quote_to_order', o.subject, q.created, o.at_ns
FROM confirmed o JOIN fact f ON f.subject = o.subject AND f.member = 'quote_id' AND f.until = ever()
JOIN record q ON q.entity = 'quote' AND q.key = f.text AND NOT q.deleted;

-- What processes took, for whom that counts.
CREATE TABLE process AS
SELECT process, at_ns, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team, ms_between(since, at_ns) AS length_ms
FROM ended
UNION ALL SELECT 'ticket', at_ns, usr, team, calendar_ms FROM resolution WHERE holds
UNION ALL SELECT workflow, at_ns, usr, team, length_ms FROM run WHERE length_ms IS NOT NULL;

CREATE VIEW process_duration AS SELECT at_ns, usr, team, length_ms FROM process WHERE in_window(at_ns);

-- What an hour of work costs.
CREATE TABLE hourly_cost AS
SELECT (value->>'amount')::DECIMAL(18, 4) AS amount, value->>'currency' AS code FROM fact
WHERE entity = 'org' AND member = 'hourly_cost' AND until = ever() AND value IS NOT NULL;

CREATE VIEW automation_savings AS
WITH spared AS (
    SELECT coalesce(sum(saved_ms), 0) AS ms FROM run WHERE in_window(at_ns) AND asked_of(usr, teams)),
worth AS (SELECT amount * coalesce(rate_on(code, day_of(getvariable('hi') - 1)), 0) AS money FROM hourly_cost)
SELECT ms * CASE getvariable('stat') WHEN 'sum' THEN (SELECT money FROM worth) ELSE 1 END AS top, 3600000 AS bottom FROM spared;
