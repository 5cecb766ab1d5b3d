-- Activities & productivity: calls, e-mails, messages, meetings, tasks done, and all that was written. A view has the name of its KPI.

-- A completion of a task: the first since it was last reopened, with the assignee then, and who did it, else the assignee.
CREATE TABLE completion AS
WITH turn AS (
    SELECT subject, pos, said.at_ns, actor, data->>'new' AS status FROM said JOIN record USING (subject)
    WHERE type = 'crm.task.status_changed' AND NOT deleted),
reopened AS (SELECT subject, max(pos) AS last FROM turn WHERE status = 'reopened' GROUP BY subject),
done AS (
    SELECT subject, at_ns, actor FROM turn LEFT JOIN reopened USING (subject) WHERE status = 'done' AND pos > coalesce(last, 0)
    QUALIFY row_number() OVER (PARTITION BY subject ORDER BY pos) = 1)
SELECT subject, at_ns, owner_at(subject, at_ns) AS assignee, team_at(subject, at_ns) AS its_team,
    coalesce(actor, owner_at(subject, at_ns)) AS usr, CASE WHEN actor IS NULL THEN team_at(subject, at_ns) END AS team
FROM done;

-- An activity completed: any call, what a person of ours wrote, a meeting held, a task done.
CREATE TABLE activity AS
WITH completed AS (
    SELECT subject, kind, at_ns, usr, team FROM act WHERE kind = 'call' OR ours
    UNION ALL SELECT subject, 'task', at_ns, usr, team FROM completion)
SELECT *, teams_of(usr, team, at_ns) AS teams FROM completed;

CREATE VIEW activities_completed AS SELECT at_ns, usr, team, 1 AS top FROM activity WHERE in_window(at_ns);

CREATE VIEW activity_mix AS
SELECT at_ns, usr, team, ('activity:' || kind = getvariable('label'))::INTEGER AS top, 1 AS bottom FROM activity WHERE in_window(at_ns);

-- What was earned by what was done; lagged, by what was done earlier by the middle sales cycle of the deals won in the window.
CREATE VIEW result_per_activity AS
WITH earned AS MATERIALIZED (SELECT top, usr, teams_of(usr, team, at_ns) AS teams FROM revenue_won),
cycle AS MATERIALIZED (SELECT length_ms, usr, teams_of(usr, team, at_ns) AS teams FROM sales_cycle_length),
lag AS (
    SELECT CASE getvariable('variant') WHEN 'lagged' THEN quantile_disc(length_ms, 0.5) * 1000000 ELSE 0 END AS ns
    FROM cycle WHERE asked_of(usr, teams))
SELECT coalesce((SELECT sum(e.top) FROM earned e WHERE asked_of(usr, teams)), 0) AS top,
    (SELECT count(*) FROM activity, lag WHERE in_window(at_ns + ns) AND asked_of(usr, teams)) AS bottom;

CREATE VIEW calls_made AS SELECT at_ns, usr, team, 1 AS top FROM act WHERE kind = 'call' AND ours AND in_window(at_ns);

CREATE VIEW call_connect_rate AS
SELECT at_ns, usr, team, connected::INTEGER AS top, 1 AS bottom FROM act WHERE kind = 'call' AND ours AND in_window(at_ns);

CREATE VIEW call_talk_time AS
SELECT at_ns, usr, team, coalesce(duration_ms, 0) AS length_ms FROM act WHERE connected AND in_window(at_ns);

CREATE VIEW calls_per_sale AS
SELECT at_ns, usr, team, 1 AS top, 0 AS bottom FROM act WHERE connected AND in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, 0, top FROM deals_won;

CREATE VIEW emails_sent AS SELECT at_ns, usr, team, 1 AS top FROM act WHERE kind = 'email' AND ours AND in_window(at_ns);

-- A thread that began with an e-mail of ours that a person wrote: when a person answered within 14 days, else when these end.
-- Which of two e-mails of the same instant was first, their names say.
CREATE TABLE thread AS
WITH mail AS (
    SELECT *, row_number() OVER (PARTITION BY thread ORDER BY at_ns, subject) AS number FROM act
    WHERE kind = 'email' AND thread IS NOT NULL),
opening AS (FROM mail WHERE number = 1 AND ours),
answer AS (
    SELECT thread, min(m.at_ns) AS at_ns FROM opening o JOIN mail m USING (thread)
    WHERE m.human AND NOT m.ours AND ms_between(o.at_ns, m.at_ns) <= 14 * 86400000 GROUP BY thread)
SELECT coalesce(a.at_ns, o.at_ns + 14 * 86400000000000) AS at_ns, usr, team, a.at_ns IS NOT NULL AS answered
FROM opening o LEFT JOIN answer a USING (thread);
CREATE VIEW email_reply_rate AS
SELECT at_ns, usr, team, answered::INTEGER AS top, 1 AS bottom FROM thread WHERE in_window(at_ns) AND at_ns < getvariable('now');

CREATE VIEW chats_handled AS
SELECT at_ns, usr, team, conversation AS what FROM act WHERE kind = 'message' AND ours AND in_window(at_ns);

-- A meeting booked, with who booked it, else its owner then; where nobody told of the booking, at what is told first.
CREATE TABLE booking AS
SELECT created AS at_ns, coalesce(actor, owner_at(record.subject, created)) AS usr,
    CASE WHEN actor IS NULL THEN team_at(record.subject, created) END AS team
FROM record LEFT JOIN said ON pos = made_by WHERE record.entity = 'meeting' AND NOT deleted;
CREATE VIEW meetings_booked AS SELECT at_ns, usr, team, 1 AS top FROM booking WHERE in_window(at_ns);

CREATE VIEW meetings_held AS SELECT at_ns, usr, team, 1 AS top FROM act WHERE kind = 'meeting' AND in_window(at_ns);

-- What people of ours wrote: a call, an e-mail or a message once, of other records each event. What came in by itself names no actor.
CREATE TABLE written AS
WITH event AS (
    SELECT *, coalesce(CASE type WHEN 'crm.ticket.message' THEN data->>'author' <> 'agent'
        WHEN 'crm.ticket.created' THEN data->>'created_by' = 'customer'
        WHEN 'crm.lead.created' THEN (data->>'inbound')::BOOLEAN OR data->>'form_id' IS NOT NULL
        WHEN 'crm.contact.created' THEN data->>'origin' <> 'manual'
        ELSE type IN ('crm.feedback.received', 'crm.web.visit', 'crm.automation.run') END, false) AS came_in
    FROM said WHERE pos IN (SELECT pos FROM happened) AND subject IN (SELECT subject FROM record WHERE NOT deleted)),
ours AS (
    SELECT subject, at_ns, actor FROM event WHERE (actor IS NOT NULL OR NOT came_in) AND entity NOT IN ('call', 'email', 'message',
        'heartbeat', 'org', 'team', 'user', 'pipeline', 'segment', 'field', 'fx', 'goal')
    UNION ALL SELECT subject, at_ns, actor FROM act
    WHERE kind <> 'meeting' AND (kind = 'call' OR ours OR human AND actor IS NOT NULL))
SELECT at_ns, coalesce(actor, owner_at(subject, at_ns)) AS usr, CASE WHEN actor IS NULL THEN team_at(subject, at_ns) END AS team
FROM ours;
CREATE VIEW module_actions AS SELECT at_ns, usr, team, 1 AS top FROM written WHERE in_window(at_ns);
