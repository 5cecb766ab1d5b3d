-- Response & support. A view has the name of its KPI.

CREATE TABLE ticket AS
SELECT subject, key, created, finally(subject, 'created_by') AS created_by, finally(subject, 'sla') AS sla,
    finally(subject, 'category') AS category, finally(subject, 'requester_id') AS requester
FROM record WHERE entity = 'ticket' AND NOT deleted;

-- Its states, the first of which is the creation, and whether it was resolved: a row is one that was said, at the instant at which
-- it was, before the creation, too.
CREATE TABLE state AS
WITH status AS (
    SELECT subject, -1 AS pos, created AS at_ns, 'new' AS status FROM ticket
    UNION ALL SELECT m.subject, pos, s.at_ns, text FROM mention m JOIN ticket USING (subject) JOIN said s USING (pos)
        WHERE m.type = 'crm.ticket.status_changed' AND member = 'new' AND text IS NOT NULL)
SELECT *, status IN ('solved', 'closed') AS resolved, coalesce(lag(resolved) OVER told, false) AS was_resolved,
    lead(at_ns, 1, ever()) OVER told AS until
FROM status WINDOW told AS (PARTITION BY subject ORDER BY pos);

-- A resolution is that a ticket is solved, or closed without having been: its first one, and the latest where nothing opened it again.
CREATE TABLE resolution AS
SELECT s.*, row_number() OVER told = 1 AS first, lead(pos) OVER told IS NULL AND NOT reopened AS holds, reopened,
    owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team, ms_between(created, at_ns) AS calendar_ms,
    business_ms(subject, created, at_ns) AS business_ms
FROM (SELECT s.*, EXISTS (SELECT 1 FROM state o WHERE o.subject = s.subject AND o.pos > s.pos AND NOT o.resolved) AS reopened
    FROM state s WHERE resolved AND (status = 'solved' OR NOT was_resolved)) s JOIN ticket USING (subject)
WINDOW told AS (PARTITION BY subject ORDER BY pos);

CREATE MACRO by_hours(calendar_ms, business_ms) AS CASE WHEN getvariable('hours') = 'business' THEN business_ms ELSE calendar_ms END;

CREATE VIEW tickets_created AS
SELECT created AS at_ns, owner_at(subject, created) AS usr, team_at(subject, created) AS team, 1 AS top FROM ticket
WHERE in_window(created);

CREATE VIEW tickets_open AS
SELECT getvariable('hi') - 1 AS at_ns, owner_at(subject, getvariable('hi') - 1) AS usr, team_at(subject, getvariable('hi') - 1) AS team,
    1 AS top
FROM state JOIN ticket USING (subject)
WHERE greatest(at_ns, created) < getvariable('hi') AND getvariable('hi') <= until AND NOT resolved;

CREATE VIEW tickets_resolved AS SELECT at_ns, usr, team, 1 AS top FROM resolution WHERE holds AND in_window(at_ns);

CREATE VIEW first_resolution_time AS
SELECT at_ns, usr, team, by_hours(calendar_ms, business_ms) AS length_ms FROM resolution WHERE first AND in_window(at_ns);

CREATE VIEW full_resolution_time AS
SELECT at_ns, usr, team, by_hours(calendar_ms, business_ms) AS length_ms FROM resolution WHERE holds AND in_window(at_ns);

CREATE VIEW ticket_reopen_rate AS
SELECT at_ns, usr, team, reopened::INT AS top, 1 AS bottom FROM resolution WHERE first AND in_window(at_ns);

-- What somebody gave a ticket, the latest of it, and what was given for none: of five the best two satisfy, of others 80 %.
CREATE TABLE rating AS
WITH csat AS (
    SELECT r.subject AS given, created AS at_ns, made_by AS pos, actor, 'ticket/' || finally(r.subject, 'ticket_id') AS subject,
        finally(r.subject, 'kind') AS kind, finally(r.subject, 'score')::DECIMAL(18, 6) AS score,
        coalesce(finally(r.subject, 'scale')::DECIMAL(18, 6), 5) AS scale
    FROM record r JOIN said ON pos = made_by WHERE r.entity = 'feedback' AND NOT deleted)
SELECT coalesce(subject, given) AS about, at_ns,
    CASE WHEN subject IS NULL THEN coalesce(actor, owner_at(given, at_ns)) ELSE owner_at(subject, at_ns) END AS usr,
    CASE WHEN subject IS NULL THEN team_at(given, at_ns) ELSE team_at(subject, at_ns) END AS team, 10 * score >= 8 * scale AS satisfied
FROM csat WHERE kind = 'csat' AND score IS NOT NULL AND coalesce(subject NOT IN (SELECT subject FROM record WHERE deleted), true)
QUALIFY row_number() OVER (PARTITION BY coalesce(subject, given) ORDER BY pos DESC) = 1;
CREATE VIEW csat_score AS SELECT at_ns, usr, team, satisfied::INT AS top, 1 AS bottom FROM rating WHERE in_window(at_ns);

CREATE VIEW repeat_issue_share AS
SELECT created AS at_ns, NULL AS usr, NULL AS team, (EXISTS (SELECT 1 FROM ticket o WHERE o.category = t.category
    AND o.requester <> t.requester AND abs(o.created - t.created) <= 30 * 24 * 3600 * 1000000000::BIGINT))::INT AS top, 1 AS bottom
FROM ticket t WHERE in_window(created);

-- What a customer or one of ours wrote publicly on a ticket, or in a thread of mail or a chat: no bots, nothing automated.
CREATE TABLE line AS
WITH written AS (
    SELECT m.subject AS talk, m.subject, m.pos, s.at_ns, m.text = 'agent' AS ours, actor
    FROM mention m JOIN ticket USING (subject) JOIN said s USING (pos)
    WHERE m.type = 'crm.ticket.message' AND member = 'author' AND m.text IN ('agent', 'customer')
        AND coalesce((s.data->>'public')::BOOLEAN, true)
    UNION ALL SELECT r.entity || '/' || finally(r.subject, CASE r.entity WHEN 'email' THEN 'thread_id' ELSE 'conversation_id' END),
        r.subject, pos, r.created, coalesce(finally(r.subject, 'direction'), '') = 'outbound', actor
    FROM record r JOIN said ON pos = made_by
    WHERE r.entity IN ('email', 'message') AND NOT deleted
        AND coalesce(finally(r.subject, 'author'), '') <> 'bot' AND NOT coalesce(finally(r.subject, 'automated')::BOOLEAN, false))
SELECT *, coalesce(actor, owner_at(subject, at_ns)) AS usr, CASE WHEN actor IS NULL THEN team_at(subject, at_ns) END AS team
FROM written WHERE talk IS NOT NULL;

-- The first answer of an agent to a ticket, the second one where an agent created it, and since when it was waited for.
CREATE TABLE first_answer AS
WITH replied AS (
    SELECT l.*, coalesce((SELECT max(at_ns) FROM state s WHERE s.subject = l.subject AND s.pos < l.pos AND was_resolved
        AND NOT resolved), created) AS asked
    FROM line l JOIN ticket USING (subject) WHERE ours
    QUALIFY row_number() OVER (PARTITION BY subject ORDER BY l.pos) = CASE created_by WHEN 'agent' THEN 2 ELSE 1 END)
SELECT *, ms_between(asked, at_ns) AS calendar_ms, business_ms(subject, asked, at_ns) AS business_ms
FROM replied;
CREATE VIEW first_response_time AS
SELECT at_ns, usr, team, by_hours(calendar_ms, business_ms) AS length_ms FROM first_answer WHERE in_window(at_ns);

-- A turn: what a customer wrote first since the last answer, and the answer to that. At one instant threads go by the names of records.
CREATE TABLE replied_turn AS
WITH ordered AS (SELECT *, row_number() OVER (PARTITION BY talk ORDER BY at_ns, subject, pos) AS place FROM line),
turn AS (
    SELECT l.*, (SELECT min(c.place) FROM ordered c WHERE c.talk = l.talk AND c.place < l.place AND NOT c.ours
        AND c.place > (SELECT coalesce(max(o.place), 0) FROM ordered o WHERE o.talk = l.talk AND o.place < l.place AND o.ours)) AS asked
    FROM ordered l WHERE ours)
SELECT t.at_ns, t.usr, t.team, ms_between(c.at_ns, t.at_ns) AS calendar_ms,
    CASE WHEN t.talk = t.subject THEN business_ms(t.subject, c.at_ns, t.at_ns) ELSE worked_ms(t.usr, t.team, c.at_ns, t.at_ns)
    END AS business_ms
FROM turn t JOIN ordered c ON c.talk = t.talk AND c.place = t.asked;
CREATE VIEW next_response_time AS
SELECT at_ns, usr, team, by_hours(calendar_ms, business_ms) AS length_ms FROM replied_turn WHERE in_window(at_ns);

-- A spell: from when to when one user had a ticket that was not resolved.
CREATE TABLE spell AS
WITH instant AS (SELECT subject, at_ns FROM state UNION SELECT subject, since FROM keeping),
moment AS (
    SELECT t.subject, i.at_ns, CASE WHEN NOT s.resolved THEN owner_at(t.subject, i.at_ns) END AS usr,
        (SELECT count(*) FROM state r WHERE r.subject = t.subject AND r.at_ns <= i.at_ns AND r.resolved) AS round
    FROM ticket t JOIN instant i ON i.subject = t.subject AND i.at_ns >= created
        JOIN state s ON s.subject = t.subject AND s.at_ns <= i.at_ns AND i.at_ns < s.until),
begun AS (SELECT * FROM moment
    QUALIFY (usr, round) IS DISTINCT FROM lag((usr, round)) OVER (PARTITION BY subject ORDER BY at_ns))
SELECT *, lead(at_ns) OVER (PARTITION BY subject ORDER BY at_ns) AS until FROM begun;
CREATE TABLE handling AS
SELECT until AS at_ns, usr, NULL AS team, ms_between(at_ns, until) AS calendar_ms, worked_ms(usr, NULL, at_ns, until) AS business_ms
FROM spell WHERE usr IS NOT NULL AND until IS NOT NULL;
CREATE VIEW handle_time AS
SELECT at_ns, usr, team, by_hours(calendar_ms, business_ms) AS length_ms FROM handling WHERE in_window(at_ns);

-- What was promised: in how many nanoseconds of its clock, and when it was done, if it was.
CREATE TABLE promise AS
SELECT subject, 'first_response' AS sla, (t.sla::JSON->>'first_response_ms')::BIGINT * 1000000 AS allowed, a.at_ns AS done
FROM ticket t LEFT JOIN first_answer a USING (subject)
UNION ALL SELECT subject, 'resolution', (t.sla::JSON->>'resolution_ms')::BIGINT * 1000000, r.at_ns
FROM ticket t LEFT JOIN (FROM resolution WHERE holds) r USING (subject);

-- The clock of a promise runs in these spans: not while the ticket is pending or resolved, and in the hours of who has it unless the
-- promise says those of the calendar.
CREATE TABLE running AS
WITH waiting AS (SELECT p.subject, p.sla, greatest(created, s.at_ns) AS since, s.until, coalesce(t.sla::JSON->>'hours', '') AS hours
    FROM promise p JOIN ticket t USING (subject) JOIN state s USING (subject)
    WHERE allowed IS NOT NULL AND NOT s.resolved AND s.status <> 'pending'),
span AS (
    SELECT subject, sla, since, until FROM waiting WHERE hours = 'calendar'
    UNION ALL SELECT w.subject, sla, greatest(w.since, k.since, o.opens), least(w.until, k.until, o.closes)
    FROM waiting w JOIN keeping k USING (subject)
        JOIN working o ON o.usr IS NOT DISTINCT FROM k.usr AND o.kept_by IS NOT DISTINCT FROM k.team
    WHERE hours <> 'calendar')
SELECT *, coalesce(sum(until - since) OVER (PARTITION BY subject, sla ORDER BY since
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS used FROM span WHERE since < until;

-- Whether a promise was kept, when it was, else when it was due.
CREATE TABLE kept AS
WITH deadline AS (SELECT p.*, (SELECT min(r.since + (p.allowed - r.used)) FROM running r WHERE r.subject = p.subject AND r.sla = p.sla
    AND r.used <= p.allowed AND p.allowed <= r.used + (r.until - r.since))::BIGINT AS due FROM promise p WHERE allowed IS NOT NULL)
SELECT *, done IS NOT NULL AND (due IS NULL OR done <= due) AS met, CASE WHEN met THEN done ELSE due END AS at_ns,
    owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team FROM deadline;
CREATE VIEW sla_first_response_rate AS
SELECT at_ns, usr, team, met::INT AS top, 1 AS bottom FROM kept
WHERE sla = 'first_response' AND in_window(at_ns) AND at_ns <= getvariable('now');
CREATE VIEW sla_resolution_rate AS
SELECT at_ns, usr, team, met::INT AS top, 1 AS bottom FROM kept
WHERE sla = 'resolution' AND in_window(at_ns) AND at_ns <= getvariable('now');
