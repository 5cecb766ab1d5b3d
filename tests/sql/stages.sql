-- The way of deals through the stages of their pipelines. A view has the name of its KPI.

-- A stage as its pipeline lists it now, at its place; whether it is where lost deals lie.
CREATE TABLE listed AS
WITH stage AS (
    SELECT r.key AS pipeline, s.value->>'id' AS stage, (s.value->>'probability')::DOUBLE AS probability,
        row_number() OVER (PARTITION BY r.key ORDER BY coalesce((s.value->>'order')::DOUBLE, s.key::INTEGER), s.key::INTEGER) AS place
    FROM record r JOIN fact f USING (subject), json_each(f.value) s
    WHERE r.entity = 'pipeline' AND f.member = 'stages' AND f.until = ever() AND NOT r.deleted)
SELECT pipeline, stage, place, coalesce(probability = 0
    AND place > max(place) FILTER (probability > 0) OVER (PARTITION BY pipeline), false) AS lies FROM stage;

-- A step on a deal's way: what was said of its stage, its pipeline or its end, and where it stands since. Creation is one
-- unless a stage was said until then, which outranks that of the creation; what is said before has it where nothing else was said.
CREATE TABLE step AS
WITH first AS (
    SELECT subject, made_by, created, any_value(text) FILTER (m.initial AND member = 'stage_id') AS stage,
        any_value(text) FILTER (m.initial AND member = 'pipeline_id') AS pipeline,
        coalesce(bool_or(NOT m.initial AND member = 'stage_id' AND pos < made_by), false) AS outranked
    FROM deal JOIN record USING (subject, created) LEFT JOIN mention m USING (subject) GROUP BY ALL),
heard AS (
    SELECT subject, coalesce(made_by, 0) AS pos, created AS at_ns, true AS creation, NULL AS stage, NULL AS pipeline, NULL AS state
    FROM first
    UNION ALL
    SELECT subject, pos, h.at_ns, false, any_value(text) FILTER (member = 'stage_id'), any_value(text) FILTER (member = 'pipeline_id'),
        CASE h.type WHEN 'crm.deal.won' THEN 'won' WHEN 'crm.deal.lost' THEN 'lost' WHEN 'crm.deal.reopened' THEN 'open' END AS state
    FROM happened h JOIN deal USING (subject) LEFT JOIN mention m USING (subject, pos)
    WHERE NOT h.initial GROUP BY ALL HAVING state IS NOT NULL OR bool_or(member IN ('stage_id', 'pipeline_id'))),
walked AS (
    SELECT subject, pos, at_ns, creation, coalesce(last_value(h.stage IGNORE NULLS) OVER walk, f.stage) AS stage,
        coalesce(last_value(h.pipeline IGNORE NULLS) OVER walk, f.pipeline, '(none)') AS pipeline,
        coalesce(last_value(h.state IGNORE NULLS) OVER walk, 'open') AS state, outranked
    FROM heard h JOIN first f USING (subject) WINDOW walk AS (PARTITION BY subject ORDER BY pos))
SELECT * EXCLUDE (creation, outranked), lag(state) OVER (PARTITION BY subject ORDER BY pos) AS state_before
FROM walked WHERE CASE WHEN creation THEN NOT outranked ELSE stage IS NOT NULL END;

-- The steps of a deal that is not lost: the stages that it came into, each in its place: as its pipeline lists it,
-- else as the deal came into them; where lost deals lie is no place.
CREATE TABLE way AS
WITH came AS (
    SELECT *, min(pos) OVER (PARTITION BY subject, pipeline, stage) AS first FROM step WHERE state <> 'lost')
SELECT c.* EXCLUDE (first), coalesce(l.lies, false) AS lies, CASE WHEN stage IS NULL THEN 0
    WHEN c.pipeline IN (SELECT pipeline FROM listed) THEN if(l.lies, NULL, l.place)
    ELSE dense_rank() OVER (PARTITION BY subject, c.pipeline, stage IS NULL ORDER BY first) END AS place
FROM came c LEFT JOIN listed l USING (pipeline, stage);

-- The stages that there are for a deal in a pipeline.
CREATE TABLE rung AS
SELECT DISTINCT subject, pipeline, stage, place, lies FROM way WHERE stage IS NOT NULL
UNION SELECT DISTINCT w.subject, pipeline, l.stage, l.place, l.lies FROM way w JOIN listed l USING (pipeline);

-- A step with where the deal was before it.
CREATE TABLE move AS
SELECT *, lag(at_ns) OVER back AS at_before, lag(pipeline) OVER back AS pipeline_before, lag(place) OVER back AS place_before
FROM way WINDOW back AS (PARTITION BY subject ORDER BY pos);

-- A move forward, from a place to another; into the first stage it is one, that passes over
-- nothing, if it is later than the deal's creation and no loss told it.
CREATE TABLE forward AS
SELECT subject, pos, at_ns, pipeline, CASE place_before WHEN 0 THEN place - 1 ELSE place_before END AS since, place AS until FROM move
WHERE pipeline_before = pipeline AND place_before < place AND NOT lies
    AND (place_before > 0 OR (at_before < at_ns AND state_before <> 'lost'));

-- A stage that a move forward comes into, or passes over.
CREATE TABLE passed AS
SELECT f.subject, f.pos, f.at_ns, pipeline, r.stage, r.place, r.place < f.until AS skipped
FROM forward f JOIN rung r USING (subject, pipeline) WHERE f.since < r.place AND r.place <= f.until AND NOT r.lies;

CREATE TABLE progress AS
SELECT * FROM passed QUALIFY row_number() OVER (PARTITION BY subject, pipeline, stage ORDER BY pos) = 1;
CREATE VIEW deals_progressed AS
SELECT at_ns, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team, 1 AS top FROM progress WHERE in_window(at_ns);

-- A stage that a deal came into or past for the first time; the win of a deal that is won passes over all that are listed after
-- the one that it came from, where the deal was open before it.
CREATE TABLE entry AS
WITH latest AS (
    FROM move WHERE state = 'won' AND state_before IS DISTINCT FROM 'won'
    QUALIFY row_number() OVER (PARTITION BY subject ORDER BY pos DESC) = 1),
winning AS (
    SELECT m.subject, m.pos, m.at_ns, pipeline, greatest(place, place_before) AS place FROM latest m JOIN closed c USING (subject)
    WHERE outcome = 'won' AND state_before = 'open' AND pipeline_before = pipeline AND place_before IS DISTINCT FROM 0),
entering AS (
    SELECT subject, pos, at_ns, pipeline, stage, place, lies, false AS skipped FROM way WHERE stage IS NOT NULL
    UNION ALL SELECT subject, pos, at_ns, pipeline, stage, place, false, true FROM passed WHERE skipped
    UNION ALL SELECT w.subject, w.pos, w.at_ns, w.pipeline, l.stage, l.place, false, true
        FROM winning w JOIN listed l ON l.pipeline = w.pipeline AND l.place > w.place AND NOT l.lies),
first AS MATERIALIZED (
    SELECT *, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team FROM entering
    QUALIFY row_number() OVER (PARTITION BY subject, pipeline, stage ORDER BY pos, skipped) = 1)
SELECT *, teams_of(usr, team, at_ns) AS teams, subject IN (SELECT subject FROM closed WHERE outcome = 'won') OR EXISTS (FROM entering o
    WHERE o.subject = e.subject AND o.pipeline = e.pipeline AND o.pos >= e.pos AND o.place > e.place AND NOT o.lies) AS converted
FROM first e;
CREATE VIEW stage_conversion_rate AS
SELECT at_ns, usr, team, converted::INTEGER AS top, 1 AS bottom FROM entry WHERE in_window(at_ns);

-- A stay of an open deal in a stage, or in none, since <= t < until, and what all those in one come to, once the deal last left it.
CREATE TABLE stay AS
WITH course AS (
    SELECT *, (pipeline, stage, state) IS DISTINCT FROM lag((pipeline, stage, state)) OVER (PARTITION BY subject ORDER BY pos) AS begins
    FROM step),
begun AS (SELECT *, lead(at_ns, 1, ever()) OVER (PARTITION BY subject ORDER BY pos) AS until FROM course WHERE begins)
SELECT subject, pipeline, stage, at_ns AS since, until FROM begun WHERE state = 'open';
CREATE TABLE stayed AS
WITH total AS MATERIALIZED (
    SELECT subject, pipeline, stage, max(until) AS at_ns, sum(ms_between(since, until))::BIGINT AS length_ms
    FROM stay WHERE until < ever() AND stage IS NOT NULL GROUP BY ALL),
whose AS MATERIALIZED (SELECT *, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team FROM total)
SELECT *, teams_of(usr, team, at_ns) AS teams FROM whose;
CREATE VIEW time_in_stage AS SELECT at_ns, usr, team, length_ms FROM stayed WHERE in_window(at_ns);

-- A row is a stage; all that is asked for has no place.
CREATE VIEW stage_bottleneck_rank AS
WITH went AS (
    SELECT pipeline, stage, count(*) AS entered, count(*) FILTER (converted) AS converted FROM entry
    WHERE in_window(at_ns) AND asked_of(usr, teams) GROUP BY ALL),
lasted AS (
    SELECT pipeline, stage, quantile_disc(length_ms, 0.9) AS p90_ms FROM stayed
    WHERE in_window(at_ns) AND asked_of(usr, teams) GROUP BY ALL)
SELECT NULL::INTEGER AS value, pipeline, stage, entered, converted, p90_ms,
    rank() OVER (ORDER BY entered - converted DESC, coalesce(p90_ms, 0) DESC) AS place
FROM went LEFT JOIN lasted USING (pipeline, stage);

-- A client of an open deal: the account that it names, else those of its contacts, and contacts that have none.
CREATE VIEW clients_by_funnel_stage AS
WITH open AS MATERIALIZED (
    SELECT o.*, created, told(subject, 'account_id', at_ns) AS account, told(subject, 'contact_ids', at_ns) AS contacts
    FROM open_deal o JOIN deal USING (subject)),
contact AS (SELECT subject, 'contact/' || unnest(from_json(contacts, '["VARCHAR"]')) AS contact FROM open WHERE account IS NULL),
client AS MATERIALIZED (
    SELECT subject, 'account/' || account AS client FROM open WHERE account IS NOT NULL
    UNION SELECT subject, coalesce('account/' || finally(contact, 'account_id'), contact) FROM contact)
SELECT o.at_ns, usr, team, 1 AS top FROM client JOIN open o USING (subject) LEFT JOIN listed USING (pipeline, stage)
WHERE client NOT IN (SELECT subject FROM record WHERE deleted)
QUALIFY row_number() OVER (PARTITION BY client ORDER BY coalesce(place, 0) DESC, created, subject) = 1;

-- A meeting that is of a deal as a touch would be: it names the deal, else its lead, its contacts or its account.
CREATE TABLE planned AS
WITH meeting AS MATERIALIZED (
    SELECT subject, created, finally(subject, 'start') AS start, finally(subject, 'deal_id') AS deal,
        finally(subject, 'lead_id') AS lead, finally(subject, 'account_id') AS account,
        coalesce(from_json(finally(subject, 'contact_ids'), '["VARCHAR"]'), []) AS contacts
    FROM record WHERE entity = 'meeting' AND NOT deleted),
loose AS (FROM meeting WHERE deal IS NULL),
guest AS (SELECT subject, unnest(contacts) AS contact FROM loose),
could AS (
    SELECT subject, account, 1 AS rank FROM loose
    UNION ALL SELECT m.subject, l.named, 2 FROM loose m JOIN link l ON l.subject = 'lead/' || m.lead AND l.what = 'account'
    UNION ALL SELECT g.subject, l.named, 3 FROM guest g JOIN link l ON l.subject = 'contact/' || g.contact AND l.what = 'account'),
visited AS (FROM could WHERE account IS NOT NULL QUALIFY rank() OVER (PARTITION BY subject ORDER BY rank) = 1),
near AS (
    SELECT subject, 'deal/' || deal AS deal FROM meeting WHERE deal IS NOT NULL
    UNION SELECT m.subject, 'deal/' || l.named FROM loose m JOIN link l ON l.subject = 'lead/' || m.lead AND l.what = 'deal'
    UNION SELECT m.subject, l.subject FROM loose m JOIN link l ON l.entity = 'deal' AND l.what = 'lead' AND l.named = m.lead
    UNION SELECT g.subject, l.subject FROM guest g JOIN link l ON l.entity = 'deal' AND l.what = 'contact' AND l.named = g.contact
    UNION SELECT v.subject, l.subject FROM visited v JOIN link l ON l.entity = 'deal' AND l.what = 'account' AND l.named = v.account)
SELECT n.deal, m.subject, m.created, m.start FROM near n JOIN meeting m USING (subject);

-- Deals that stand in a stage for too long, or that nobody touched nor is going to meet.
CREATE VIEW deals_stalled AS
WITH open AS MATERIALIZED (FROM open_deal),
patience AS (
    SELECT finally(subject, 'stalled_after_days')::JSON AS days FROM record WHERE entity = 'org'),
agreed AS (
    SELECT d.key AS stage, (d.value::DOUBLE * 86400000)::BIGINT * 1000000 AS most_ns FROM patience, json_each(days) d),
usual AS (
    SELECT pipeline, stage, 2 * quantile_disc(length_ms, 0.5) * 1000000 AS most_ns FROM stayed
    WHERE at_ns < getvariable('hi') GROUP BY ALL),
meeting AS MATERIALIZED (
    SELECT deal, start, told(subject, 'new', getvariable('hi') - 1) AS status FROM planned WHERE created < getvariable('hi')),
ahead AS (
    SELECT deal FROM meeting
    WHERE instant(start) >= getvariable('hi') AND coalesce(status, '') NOT IN ('completed', 'no_show', 'cancelled')),
last AS (
    SELECT o.subject, max(t.at_ns) AS at_ns FROM open o JOIN touch t ON t.deal = o.subject AND t.at_ns <= o.at_ns GROUP BY o.subject)
SELECT o.at_ns, usr, team, CASE getvariable('stat') WHEN 'sum' THEN amount ELSE 1 END AS top
FROM open o JOIN deal d USING (subject) LEFT JOIN last ON last.subject = o.subject
LEFT JOIN stay s ON s.subject = o.subject AND s.since <= o.at_ns AND o.at_ns < s.until
LEFT JOIN agreed a ON a.stage = s.stage LEFT JOIN usual u ON u.pipeline = s.pipeline AND u.stage = s.stage
WHERE getvariable('hi') - s.since > coalesce(a.most_ns, u.most_ns)
    OR (getvariable('hi') - greatest(d.created, last.at_ns) > 2592000000000000 AND o.subject NOT IN (FROM ahead));
