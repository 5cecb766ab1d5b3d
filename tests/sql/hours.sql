-- Business hours: when there is work. A team has its own hours while it says some, all others have those of the organisation. What is
-- said of hours holds from its instant on, by the clock of the organisation's zone. The team '' is the organisation.

-- The days of the log, those around it and a year more. A zone may have skipped one.
CREATE TABLE day AS
SELECT day, lower(dayname(day)) AS weekday FROM (SELECT unnest(generate_series(min(day_of(at_ns)) - 2, max(day_of(at_ns)) + 366,
    INTERVAL 1 DAY))::DATE AS day FROM said) WHERE day_of(midnight(day)) = day;
CREATE MACRO by_clock(day, hhmm) AS  -- the instant at which a clock shows it that day; 24:00 is the next midnight
    epoch_us(timezone(getvariable('zone'), day::TIMESTAMP + to_minutes(60 * left(hhmm, 2)::INT + right(hhmm, 2)::INT))) * 1000;

-- What an organisation or a team said of its hours and holidays, and that nobody said any before.
CREATE TABLE hours_said AS
WITH told AS (
    SELECT CASE entity WHEN 'team' THEN subject[6:] ELSE '' END AS team, member, at_ns, pos, value FROM mention
    WHERE entity = 'org' AND member IN ('business_hours', 'holidays') OR entity = 'team' AND member = 'business_hours'
    UNION ALL SELECT team, unnest(['business_hours', 'holidays']), -1, -1, NULL FROM (SELECT up AS team FROM above UNION SELECT ''))
SELECT team, member, value, at_ns AS since,
    lead(at_ns, 1, ever()) OVER (PARTITION BY team, member ORDER BY pos) AS until FROM told;

-- The hours that a team had: its own, else those of the organisation, else the usual ones.
CREATE TABLE team_hours AS
WITH own AS (FROM hours_said WHERE member = 'business_hours'),
joint AS (SELECT t.team, coalesce(t.value, o.value, (SELECT json_group_object(unnest, [['09:00', '17:00']]) FROM
        unnest(['monday', 'tuesday', 'wednesday', 'thursday', 'friday']))) AS hours,
    greatest(t.since, o.since) AS since, least(t.until, o.until) AS until FROM own t JOIN own o ON o.team = '')
FROM joint WHERE since < until;

-- Holidays: whole days, of the list that held when they were over or of one that was said later.
CREATE TABLE holiday AS
WITH listed AS (SELECT unnest(value::VARCHAR[])::DATE AS day, until FROM hours_said WHERE team = '' AND member = 'holidays')
SELECT DISTINCT day FROM listed WHERE midnight(day + 1) <= until;

-- Spans of work: of a day that is no holiday those that the hours of a team name, while they were said so.
CREATE TABLE shift AS
WITH span AS (SELECT team, by_clock(day, s.value->>0) AS opens, by_clock(day, s.value->>1) AS closes, since, until
    FROM (FROM team_hours, day WHERE day NOT IN (SELECT day FROM holiday)) t, json_each(t.hours->t.weekday) s),
part AS (SELECT team, greatest(opens, since) AS opens, least(closes, until) AS closes FROM span)
FROM part WHERE opens < closes;

-- Whose hours somebody has: a user those of the team that it is in, else of the organisation; what a team has that nobody owns
-- (kept_by) those of the team.
CREATE TABLE post AS
WITH person AS (SELECT actor AS usr FROM said UNION SELECT text FROM mention WHERE member IN ('owner_id', 'assignee_id')
    UNION SELECT owner FROM taken UNION SELECT usr FROM member),
spell AS (
    SELECT usr, NULL AS kept_by, coalesce(team, '') AS team, midnight(since) AS since, lead(midnight(since), 1, ever()) OVER
        (PARTITION BY usr ORDER BY since, until) AS until FROM member
    UNION ALL SELECT p.usr, NULL, '', -1, coalesce(min(midnight(since)), ever()) FROM person p LEFT JOIN member USING (usr)
        WHERE p.usr IS NOT NULL GROUP BY 1
    UNION ALL SELECT NULL, NULL, '', -1, ever()
    UNION ALL SELECT DISTINCT NULL, up, up, -1, ever() FROM above)
FROM spell WHERE since < until;
CREATE TABLE working AS
SELECT usr, kept_by, greatest(opens, since) AS opens, least(closes, until) AS closes
FROM post JOIN shift USING (team) WHERE opens < until AND since < closes;

CREATE MACRO worked_ms(of_usr, of_team, t, u) AS  -- business time between two instants of a user, or else of a team
    (SELECT coalesce(sum(ms_between(greatest(w.opens, t), least(w.closes, u))), 0)::BIGINT FROM working w
    WHERE w.opens < u AND t < w.closes AND w.usr IS NOT DISTINCT FROM of_usr
        AND w.kept_by IS NOT DISTINCT FROM CASE WHEN of_usr IS NULL THEN of_team END);

-- Who had a record: from when to when one user, or else one team.
CREATE TABLE keeping AS
WITH since AS (SELECT subject, since FROM fact WHERE member IN ('owner_id', 'team_id') UNION SELECT subject, -1 FROM record)
SELECT subject, owner_at(subject, since) AS usr, team_at(subject, since) AS team, since,
    lead(since, 1, ever()) OVER (PARTITION BY subject ORDER BY since) AS until FROM since;
CREATE MACRO business_ms(of_subject, t, u) AS  -- business time between two instants of who had a record
    (SELECT coalesce(sum(ms_between(greatest(w.opens, k.since, t), least(w.closes, k.until, u))), 0)::BIGINT
    FROM keeping k JOIN working w ON w.usr IS NOT DISTINCT FROM k.usr AND w.kept_by IS NOT DISTINCT FROM k.team
    WHERE k.subject = of_subject AND k.since < u AND t < k.until AND w.opens < u AND t < w.closes);
