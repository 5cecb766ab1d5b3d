-- Tasks & appointments. A view has the name of its KPI.

CREATE VIEW tasks_completed AS
SELECT at_ns, assignee AS usr, its_team AS team, 1 AS top FROM completion WHERE in_window(at_ns);

-- When something is due: at an instant, or at the end of a day where the assignee is, else where the organisation is.
CREATE MACRO due_ns(said, of_usr) AS CASE WHEN length(said) > 10 THEN instant(said) ELSE
    epoch_us(timezone(coalesce(finally('user/' || of_usr, 'time_zone'), getvariable('zone')), (said::DATE + 1)::TIMESTAMP)) * 1000 END;

-- Tasks as they are at an instant: whose, given by whom, when due, and whether done, else cancelled, since they were last reopened.
CREATE MACRO tasks_at(t) AS TABLE
WITH turn AS (
    SELECT subject, pos, data->>'new' AS status FROM happened
    WHERE type = 'crm.task.status_changed' AND data->>'new' IN ('done', 'cancelled', 'reopened') AND at_ns <= t),
reopened AS (SELECT subject, max(pos) AS last FROM turn WHERE status = 'reopened' GROUP BY subject),
ended AS (
    SELECT subject, bool_or(status = 'done') AS done FROM turn LEFT JOIN reopened USING (subject) WHERE pos > coalesce(last, 0)
    GROUP BY subject)
SELECT subject, owner_at(subject, t) AS usr, team_at(subject, t) AS team, told(subject, 'assigned_by', t) AS giver,
    due_ns(told(subject, 'due', t), owner_at(subject, t)) AS due,
    coalesce(done, false) AS done, coalesce(NOT done, false) AS cancelled
FROM record LEFT JOIN ended USING (subject) WHERE entity = 'task' AND created <= t AND NOT deleted;

CREATE VIEW tasks_overdue AS
WITH task AS MATERIALIZED (FROM tasks_at(getvariable('hi') - 1))
SELECT getvariable('hi') - 1 AS at_ns, usr, team, 1 AS top FROM task WHERE NOT done AND NOT cancelled AND due < getvariable('hi');

CREATE VIEW assignments_unfulfilled AS
WITH task AS MATERIALIZED (FROM tasks_at(getvariable('hi') - 1))
SELECT getvariable('hi') - 1 AS at_ns, usr, team, 1 AS top FROM task
WHERE giver IS NOT NULL AND giver IS DISTINCT FROM usr AND NOT done AND (cancelled OR due < getvariable('hi'));

-- A task that had to be done by an instant and was not cancelled undone, whether it was done by then, and at all.
CREATE TABLE duty AS
WITH task AS MATERIALIZED (FROM tasks_at(ever() - 1))
SELECT due AS at_ns, owner_at(t.subject, due) AS usr, team_at(t.subject, due) AS team, done, coalesce(c.at_ns <= due, false) AS in_time
FROM task t LEFT JOIN completion c USING (subject) WHERE NOT cancelled AND due IS NOT NULL;
CREATE VIEW task_on_time_rate AS
SELECT at_ns, usr, team, in_time::INTEGER AS top, 1 AS bottom FROM duty WHERE in_window(at_ns) AND (done OR at_ns < getvariable('now'));

-- Meetings as they are at an instant: whose, their start and end, and their status.
CREATE MACRO meetings_at(t) AS TABLE
WITH latest AS (
    SELECT subject, max_by(data->>'new', pos) AS status FROM happened WHERE type = 'crm.meeting.status_changed' AND at_ns <= t
    GROUP BY subject)
SELECT subject, instant(told(subject, 'start', t)) AS start_ns, instant(told(subject, 'end', t)) AS end_ns,
    coalesce(status, 'scheduled') AS status
FROM record LEFT JOIN latest USING (subject) WHERE entity = 'meeting' AND created <= t AND NOT deleted;

-- An appointment: a meeting that starts at some instant.
CREATE TABLE appointment AS
WITH meeting AS MATERIALIZED (FROM meetings_at(ever() - 1))
SELECT start_ns AS at_ns, owner_at(subject, start_ns) AS usr, team_at(subject, start_ns) AS team, status
FROM meeting WHERE start_ns IS NOT NULL;

CREATE VIEW appointments_scheduled AS SELECT at_ns, usr, team, 1 AS top FROM appointment WHERE in_window(at_ns);

CREATE VIEW appointments_executed AS
SELECT at_ns, usr, team, 1 AS top FROM appointment WHERE status = 'completed' AND in_window(at_ns);

CREATE VIEW appointment_execution_rate AS
SELECT at_ns, usr, team, (status = 'completed')::INTEGER AS top,
    (status <> 'cancelled' AND at_ns < getvariable('now'))::INTEGER AS bottom
FROM appointment WHERE in_window(at_ns);

CREATE VIEW appointments_overdue AS
WITH meeting AS MATERIALIZED (
    SELECT *, owner_at(subject, getvariable('hi') - 1) AS usr, team_at(subject, getvariable('hi') - 1) AS team
    FROM meetings_at(getvariable('hi') - 1))
SELECT getvariable('hi') - 1 AS at_ns, usr, team, 1 AS top FROM meeting
WHERE greatest(start_ns, end_ns) < getvariable('hi') AND status NOT IN ('completed', 'cancelled', 'no_show');
