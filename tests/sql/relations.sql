-- Relationship health: who answers whom, and how close accounts are. A view has the name of its KPI.

-- A letter: an e-mail of a thread or a message of a conversation. What is not said to be outbound is theirs; at one instant the subject
-- tells the order.
CREATE TABLE letter AS
SELECT kind, CASE kind WHEN 'email' THEN thread ELSE conversation END AS talk, at_ns, coalesce(direction = 'outbound', false) AS ours,
    human, usr, team, row_number() OVER (ORDER BY at_ns, subject) AS pos
FROM act WHERE kind IN ('email', 'message') AND talk IS NOT NULL;

-- A conversation that one of us began: at the first that a person of theirs wrote, if that was within 14 days, else at their end.
CREATE TABLE begun AS
WITH opening AS (FROM letter QUALIFY row_number() OVER (PARTITION BY kind, talk ORDER BY pos) = 1),
answer AS (SELECT kind, talk, min(at_ns) AS at_ns FROM letter WHERE human AND NOT ours GROUP BY ALL)
SELECT o.usr, o.team, a.at_ns IS NOT NULL AND ms_between(o.at_ns, a.at_ns) <= 14 * 86400000 AS met,
    CASE WHEN met THEN a.at_ns ELSE o.at_ns + 14 * 86400000000000 END AS at_ns
FROM opening o LEFT JOIN answer a USING (kind, talk) WHERE o.ours AND o.human;

CREATE VIEW customer_reply_rate AS
SELECT at_ns, usr, team, met::INT AS top, 1 AS bottom FROM begun WHERE in_window(at_ns) AND at_ns <= getvariable('now');

-- A turn of a conversation: from the first that we wrote since they last did until they write.
CREATE TABLE exchange AS
WITH person AS (FROM letter WHERE human),
turned AS (
    SELECT *, count(*) FILTER (NOT ours) OVER (PARTITION BY kind, talk ORDER BY pos) - (NOT ours)::INT AS round FROM person)
SELECT any_value(at_ns) FILTER (NOT ours) AS at_ns, min(at_ns) FILTER (ours) AS since, arg_min_null(usr, pos) FILTER (ours) AS usr,
    arg_min_null(team, pos) FILTER (ours) AS team
FROM turned GROUP BY kind, talk, round HAVING count(DISTINCT ours) = 2;

CREATE VIEW customer_reply_time AS
SELECT at_ns, usr, team, ms_between(since, at_ns) AS length_ms FROM exchange WHERE in_window(at_ns);

-- A touch of an account: whether it was ours, whether they took part, and the contacts that it names. A meeting is both.
CREATE TABLE contacted AS
SELECT c.account, a.subject, a.at_ns, kind = 'meeting' OR coalesce(direction = 'outbound', false) AS ours,
    CASE kind WHEN 'call' THEN connected WHEN 'meeting' THEN true ELSE direction IS DISTINCT FROM 'outbound' END AS together, contacts
FROM act a JOIN act_account c USING (subject)
WHERE human AND c.account IS NOT NULL AND 'account/' || c.account NOT IN (SELECT subject FROM record WHERE deleted);

-- An account that was ever touched or bought: when it was, each for the first time.
CREATE TABLE known AS
WITH met AS (
    SELECT account, at_ns, NULL AS sold FROM contacted
    UNION ALL SELECT account, NULL, at_ns FROM sale
    WHERE account IS NOT NULL AND 'account/' || account NOT IN (SELECT subject FROM record WHERE deleted))
SELECT account, 'account/' || account AS subject, min(at_ns) AS touched, min(sold) AS bought FROM met GROUP BY account;

-- Whose the accounts are that were known at an instant.
CREATE MACRO kept_at(t) AS TABLE
    SELECT account, touched, bought, least(touched, bought) AS since, t AS at_ns,
        owner_at(subject, t) AS usr, team_at(subject, t) AS team, teams_of(owner_at(subject, t), team_at(subject, t), t) AS teams
    FROM known WHERE least(touched, bought) <= t;

-- How long ago they took part the last time.
CREATE MACRO away_at(t) AS TABLE
    SELECT account, ms_between(max(at_ns), t) AS ms FROM contacted WHERE together AND at_ns < t GROUP BY account;

CREATE VIEW days_since_last_touch AS
WITH whose AS MATERIALIZED (FROM kept_at(getvariable('hi') - 1)),
told AS (SELECT ms FROM away_at(getvariable('hi')) JOIN whose USING (account) WHERE asked_of(usr, teams))
SELECT CASE getvariable('stat') WHEN 'mean' THEN sum(ms) WHEN 'count' THEN count(*) WHEN 'p90' THEN quantile_disc(ms, 0.9)
    ELSE quantile_disc(ms, 0.5) END AS top,
    CASE getvariable('stat') WHEN 'count' THEN 1 WHEN 'mean' THEN 86400000 * count(*) ELSE 86400000 * least(count(*), 1) END AS bottom
FROM told;

-- How often an account is to be touched: as the strictest segment says that it or its own account is in, else every 90 days.
CREATE TABLE cadence AS
WITH belongs AS MATERIALIZED (
    SELECT account, unnest([subject, 'account/' || finally(subject, 'account_id')]) AS subject FROM known),
said AS MATERIALIZED (SELECT subject AS segment, finally(subject, 'cadence_days')::DOUBLE AS days FROM segment WHERE entity = 'account')
SELECT account, coalesce(min(days), 90) AS days
FROM belongs LEFT JOIN segment_record USING (subject) LEFT JOIN said USING (segment) GROUP BY account;

CREATE VIEW accounts_neglected AS
WITH whose AS MATERIALIZED (FROM kept_at(getvariable('hi') - 1)),
lately AS (
    SELECT DISTINCT account FROM contacted
    WHERE at_ns < getvariable('hi') AND at_ns >= getvariable('hi') - 365 * 86400000000000)
SELECT at_ns, usr, team, 1 AS top
FROM whose JOIN cadence USING (account) LEFT JOIN away_at(getvariable('hi')) a USING (account)
WHERE (bought < getvariable('hi') OR account IN (FROM lately))
    AND coalesce(a.ms, ms_between(since, getvariable('hi'))) > days * 86400000;

-- When somebody of an account took part in a touch, or opened or clicked a mail of ours.
CREATE TABLE heard AS
WITH mail AS (
    SELECT coalesce('email/' || (data->>'email_id'), subject) AS subject, at_ns FROM said
    WHERE type = 'crm.email.engaged' AND data->>'kind' IN ('open', 'click'))
SELECT account, at_ns FROM contacted WHERE together
UNION ALL SELECT account, mail.at_ns FROM mail JOIN contacted USING (subject) WHERE ours;

-- Of each account that was touched by an instant, in millionths: how lately they were heard of, and of 90 days how often they were
-- touched, took part, and how many of them did; and of the 90 days that they were heard of in, and of 3 people who took part, how many.
CREATE MACRO engaged_at(t) AS TABLE
WITH lately AS (SELECT account, max(at_ns) AS at_ns FROM heard WHERE at_ns < t GROUP BY account),
recent AS (SELECT * FROM contacted WHERE at_ns < t AND at_ns >= t - 90 * 86400000000000),
often AS (
    SELECT account, count(*) AS touches, count(*) FILTER (ours) AS ours, count(*) FILTER (together) AS theirs
    FROM recent GROUP BY account),
there AS (
    SELECT account, count(DISTINCT contact) AS contacts FROM (SELECT account, unnest(contacts) AS contact FROM recent WHERE together)
    GROUP BY account)
SELECT account, coalesce(greatest(0, 90 - (t - l.at_ns) // 86400000000000), 0) AS days, least(coalesce(contacts, 0), 3) AS people,
    days * 1000000 // 90 AS recency, least(coalesce(touches, 0), 12) * 1000000 // 12 AS frequency,
    coalesce(theirs * 1000000 // touches, 0) AS reply, people * 1000000 // 3 AS breadth,
    coalesce(least(ours, theirs), 0) AS lesser, greatest(ours, theirs, 1) AS greater
FROM known k LEFT JOIN lately l USING (account) LEFT JOIN often USING (account) LEFT JOIN there USING (account)
WHERE touched < t;

CREATE VIEW engagement_level AS
WITH whose AS MATERIALIZED (FROM kept_at(getvariable('hi') - 1))
SELECT at_ns, usr, team, 40 * recency + 20 * frequency + 20 * reply + 20 * breadth AS top, 1000000 AS bottom
FROM whose JOIN engaged_at(getvariable('hi')) USING (account);

CREATE VIEW relationship_strength AS
WITH whose AS MATERIALIZED (FROM kept_at(getvariable('hi') - 1)),
given AS MATERIALIZED (SELECT finally(about, 'account_id') AS account, at_ns, satisfied FROM rating),
csat AS (
    SELECT account, count(*) FILTER (satisfied) AS satisfied, count(*) AS rated FROM given
    WHERE at_ns < getvariable('hi') AND at_ns >= getvariable('hi') - 365 * 86400000000000 GROUP BY account)
SELECT at_ns, usr, team, 100000000 * lesser * days * people * coalesce(satisfied, 1)
        // (greater * 90 * 3 * coalesce(rated, 1)) AS top, 1000000 AS bottom
FROM whose JOIN engaged_at(getvariable('hi')) USING (account) LEFT JOIN csat USING (account);

-- From when until when a contract is active: since it was signed until it is said to have ended, within the days that it names now.
CREATE TABLE active_contract AS
WITH status AS (
    SELECT subject, pos, at_ns, data->>'new' AS new FROM happened JOIN record r USING (subject)
    WHERE type = 'crm.contract.status_changed' AND NOT r.deleted),
standing AS (
    SELECT subject, at_ns AS since, new <> 'ended' AND bool_or(new = 'signed') OVER past AS runs,
        lead(at_ns, 1, ever()) OVER (PARTITION BY subject ORDER BY pos) AS until
    FROM status WINDOW past AS (PARTITION BY subject ORDER BY pos)),
dated AS MATERIALIZED (
    SELECT *, finally(subject, 'account_id') AS account, finally(subject, 'start')::DATE AS first, finally(subject, 'end')::DATE AS last
    FROM standing WHERE runs)
SELECT account, greatest(since, coalesce(midnight(first), -1)) AS since, least(until, coalesce(midnight(last + 1), ever())) AS until
FROM dated WHERE account IS NOT NULL;
CREATE MACRO contracted_at(t) AS TABLE SELECT account FROM active_contract WHERE since < t AND t <= until;
CREATE MACRO ordered_between(t, u) AS TABLE
    SELECT account FROM sale WHERE subject IN (SELECT subject FROM confirmed) AND t <= at_ns AND at_ns < u;

CREATE VIEW customer_retention_rate AS
WITH customer AS (
    FROM contracted_at(getvariable('lo')) UNION FROM ordered_between(getvariable('lo') - 365 * 86400000000000, getvariable('lo'))),
stayed AS (
    FROM contracted_at(least(getvariable('hi'), getvariable('now')))
    UNION FROM ordered_between(getvariable('lo'), least(getvariable('hi'), getvariable('now')))),
whose AS MATERIALIZED (
    SELECT account, 'account/' || account AS subject, getvariable('lo') - 1 AS at_ns FROM customer WHERE account IS NOT NULL)
SELECT at_ns, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team, (account IN (FROM stayed))::INT AS top, 1 AS bottom
FROM whose WHERE subject NOT IN (SELECT subject FROM record WHERE deleted);
