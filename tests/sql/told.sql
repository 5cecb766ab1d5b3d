-- What an organisation was told, as tables. Instants are nanoseconds since 1970.
-- Given: event(source, id, type, subject, time, sequence, actor, data) of one organisation, as published.

CREATE MACRO ever() AS 9000000000000000000;
CREATE MACRO instant(written) AS epoch_us(regexp_replace(written, '\.\d+', '')::TIMESTAMPTZ) * 1000
    + rpad(left(regexp_extract(written, '\.(\d+)', 1), 9), 9, '0')::BIGINT;

-- Every event once, in the order by which facts outrank each other.
CREATE TABLE said AS
WITH once AS (
    SELECT *, instant(time) AS at_ns, split_part(subject, '/', 1) AS entity FROM event
    QUALIFY row_number() OVER (PARTITION BY source, id) = 1)
SELECT row_number() OVER (ORDER BY at_ns, coalesce(sequence, 0), source, id) AS pos, * EXCLUDE (time, sequence) FROM once;

-- Which event creates a record; what it says is initial: it holds until anything else is said. Of some, said anew, it counts in order.
CREATE TABLE maker AS FROM (VALUES
    ('lead', 'crm.lead.created', true), ('deal', 'crm.deal.created', true), ('task', 'crm.task.created', true),
    ('ticket', 'crm.ticket.created', true), ('account', 'crm.account.created', true), ('contact', 'crm.contact.created', true),
    ('quote', 'crm.quote.created', true), ('order', 'crm.order.created', true), ('invoice', 'crm.invoice.issued', true),
    ('payment', 'crm.payment.received', true), ('meeting', 'crm.meeting.scheduled', false), ('call', 'crm.call.logged', false),
    ('email', 'crm.email.logged', false), ('message', 'crm.message.logged', false), ('feedback', 'crm.feedback.received', false),
    ('heartbeat', 'crm.session.heartbeat', false), ('spend', 'crm.spend.recorded', false),
    ('automation', 'crm.automation.run', false), ('visit', 'crm.web.visit', false)) t(entity, making, initial);

-- A record: its latest creating event, when it was created (as that says, else at its first event), whether it is deleted.
CREATE TABLE record AS
SELECT subject, any_value(entity) AS entity, substr(subject, length(any_value(entity)) + 2) AS key,
    max(pos) FILTER (type = making) AS made_by,
    coalesce(max_by(at_ns, pos) FILTER (type = making), min(at_ns)) AS created,
    coalesce(max_by(NOT coalesce((data->>'restored')::BOOLEAN, false), pos) FILTER (type = 'crm.record.deleted'), false) AS deleted
FROM said LEFT JOIN maker USING (entity)
GROUP BY subject;

-- The events of records that count: those that say something, effective not before their record is created.
-- Of creating events only the latest.
CREATE TABLE happened AS
SELECT s.* EXCLUDE (at_ns), greatest(at_ns, created) AS at_ns, coalesce(type = making AND initial, false) AS initial
FROM said s JOIN record USING (subject) LEFT JOIN maker m ON m.entity = s.entity
WHERE pos = made_by OR type IS DISTINCT FROM making;

-- What an event says of its record: members, `custom.<key>` among them, `changed` ones as they are new. Null is said only by a change.
CREATE TABLE mention AS
WITH plain AS (
    SELECT h.pos, 0 AS rank, m.key AS member, m.value AS value FROM happened h, json_each(h.data) m
    WHERE m.key NOT IN ('changed', 'custom') AND m.type <> 'NULL' AND NOT (h.type = 'crm.deal.lost' AND m.key = 'lines')
    UNION ALL SELECT h.pos, 1, 'custom.' || m.key, m.value FROM happened h, json_each(h.data, '$.custom') m
    UNION ALL SELECT h.pos, 2, m.key, m.value->'new' FROM happened h, json_each(h.data, '$.changed') m
    UNION ALL SELECT pos, 3, 'owner_id', data->'new_owner' FROM happened WHERE type = 'crm.record.owner_changed'
    UNION ALL SELECT pos, 3, 'stage_id', data->'new_stage_id' FROM happened WHERE type = 'crm.deal.stage_changed'
    UNION ALL SELECT pos, 3, 'owner_id', data->'assignee_id' FROM happened
        WHERE entity = 'task' AND data->>'assignee_id' IS NOT NULL
    UNION ALL SELECT pos, 3, 'due', coalesce(data->'due_at', data->'due_date') FROM happened
        WHERE entity = 'task' AND coalesce(data->>'due_at', data->>'due_date') IS NOT NULL),
best AS (SELECT pos, member, value FROM plain QUALIFY row_number() OVER (PARTITION BY pos, member ORDER BY rank DESC) = 1)
SELECT subject, entity, pos, type, at_ns, initial, member, nullif(value, 'null'::JSON) AS value, value->>'$' AS text
FROM best JOIN happened USING (pos);

-- Which value of a member holds when, since <= t < until; before the creation what holds at it.
CREATE TABLE fact AS
WITH explicit AS (
    SELECT m.*, CASE WHEN at_ns <= created THEN -1 ELSE at_ns END AS since
    FROM mention m JOIN record USING (subject) WHERE NOT initial),
held AS (
    SELECT subject, entity, member, value, text, since,
        lead(since, 1, ever()) OVER (PARTITION BY subject, member ORDER BY pos) AS until FROM explicit
    UNION ALL
    SELECT subject, entity, member, value, text, -1, coalesce((SELECT min(since) FROM explicit e
        WHERE e.subject = i.subject AND e.member = i.member), ever()) FROM mention i WHERE initial)
FROM held WHERE since < until;

CREATE MACRO told(of_subject, of_member, t) AS  -- as text, null where nothing was said
    (SELECT f.text FROM fact f WHERE f.subject = of_subject AND f.member = of_member AND f.since <= t AND t < f.until);
CREATE MACRO finally(of_subject, of_member) AS told(of_subject, of_member, ever() - 1);

-- Who owns a record at an instant; before the first owner that anybody mentions the one of whom it was taken.
CREATE TABLE taken AS
SELECT m.subject, (data->>'old_owner') AS owner FROM mention m JOIN happened USING (pos)
WHERE member = 'owner_id' AND NOT m.initial QUALIFY row_number() OVER (PARTITION BY m.subject ORDER BY pos) = 1;
CREATE MACRO owner_at(of_subject, t) AS
    coalesce(told(of_subject, 'owner_id', t), (SELECT k.owner FROM taken k WHERE k.subject = of_subject));
CREATE MACRO team_at(of_subject, t) AS  -- the team where nobody owns it
    CASE WHEN owner_at(of_subject, t) IS NULL THEN told(of_subject, 'team_id', t) END;

-- The calendar: the organisation's zone and currency are the latest for all history.
CREATE TABLE setting AS SELECT
    coalesce((SELECT text FROM fact WHERE entity = 'org' AND member = 'time_zone' AND until = ever()), 'UTC') AS zone,
    coalesce((SELECT text FROM fact WHERE entity = 'org' AND member = 'currency' AND until = ever()), 'EUR') AS currency;
SET VARIABLE zone = (SELECT zone FROM setting);
SET VARIABLE currency = (SELECT currency FROM setting);
CREATE MACRO wall(t) AS timezone(getvariable('zone'), timezone('UTC', make_timestamp(t // 1000)));  -- a local TIMESTAMP
CREATE MACRO day_of(t) AS wall(t)::DATE;
CREATE MACRO midnight(day) AS epoch_us(timezone(getvariable('zone'), day::TIMESTAMP)) * 1000;  -- where that day begins
CREATE MACRO ms_between(since, until) AS greatest(0, until // 1000000 - since // 1000000);

-- Users are members of a team by local days; it counts for those above it, too.
CREATE TABLE above AS
WITH RECURSIVE parent AS (
    SELECT f.subject[6:] AS team, text AS up FROM fact f WHERE entity = 'team' AND member = 'parent_id' AND until = ever()
        AND text IS NOT NULL),
named AS (SELECT DISTINCT text AS team FROM fact WHERE member = 'team_id' AND text IS NOT NULL UNION SELECT team FROM parent
    UNION SELECT up FROM parent),
climb AS (SELECT team, team AS up FROM named UNION SELECT c.team, p.up FROM climb c JOIN parent p ON p.team = c.up)
FROM climb;
CREATE TABLE member AS
WITH mentioned AS (SELECT subject[6:] AS usr, text AS team, day_of(at_ns) AS since, pos FROM mention
    WHERE entity = 'user' AND member = 'team_id')
SELECT usr, team, since, lead(since, 1, DATE '2500-01-01') OVER (PARTITION BY usr ORDER BY pos) AS until FROM mentioned;
CREATE MACRO teams_of(of_usr, of_team, t) AS  -- whose doing it is: the teams of a user at an instant, or else a team, with those above
    CASE WHEN of_usr IS NULL THEN (SELECT list(a.up) FROM above a WHERE a.team = of_team)
    ELSE (SELECT list(a.up) FROM member m JOIN above a ON a.team = m.team
        WHERE m.usr = of_usr AND m.since <= day_of(t) AND day_of(t) < m.until) END;

-- What one unit of a currency is worth from a day on.
CREATE TABLE rate AS
SELECT split_part(key, '/', 1) AS code, split_part(key, '/', 2)::DATE AS since,
    finally(subject, 'rate')::DECIMAL(38, 12) AS worth FROM record WHERE entity = 'fx' AND NOT deleted;
CREATE MACRO rate_on(of_code, day) AS CASE WHEN of_code = getvariable('currency') THEN 1::DECIMAL(38, 12)
    ELSE (SELECT max_by(r.worth, r.since) FROM rate r WHERE r.code = of_code AND r.since <= day) END;

-- Asked for: getvariable('lo') and ('hi'), the window, and ('now'), in nanoseconds; 'level' (org, user, team) and 'who'; and what
-- else a KPI takes by its name ('variant', 'stat', ...; 'label' is `dimension:value`, whose share is asked for), '' where none is.
CREATE MACRO in_window(t) AS getvariable('lo') <= t AND t < getvariable('hi');
CREATE MACRO asked_of(of_usr, of_teams) AS  -- whether it counts for whom is asked about; take the teams from a table
    CASE getvariable('level') WHEN 'user' THEN of_usr = getvariable('who') WHEN 'team' THEN list_contains(of_teams, getvariable('who'))
    ELSE true END;
