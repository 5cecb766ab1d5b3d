-- Acquisition & leads. A view has the name of its KPI.

CREATE TABLE lead_record AS
SELECT subject, key, created FROM record WHERE entity = 'lead' AND NOT deleted;

-- A status that a lead entered, when it did; one that is said again it enters again.
CREATE TABLE lead_status AS
SELECT subject, pos, s.at_ns, text AS status, owner_at(subject, s.at_ns) AS usr, team_at(subject, s.at_ns) AS team
FROM mention JOIN lead_record USING (subject) JOIN said s USING (pos, subject) WHERE member = 'new';
-- Of each status of a lead the first time.
CREATE TABLE lead_first AS
FROM lead_status QUALIFY row_number() OVER (PARTITION BY subject, status ORDER BY pos) = 1;
-- The latest status of a lead that has one.
CREATE TABLE lead_last AS
FROM lead_status QUALIFY row_number() OVER (PARTITION BY subject ORDER BY pos DESC) = 1;

-- Whose each lead, account and contact was when it was created, and the source that is known of it.
CREATE TABLE newcomer AS
SELECT subject, entity, created AS at_ns, owner_at(subject, created) AS usr, team_at(subject, created) AS team,
    coalesce(finally(subject, 'source'), '(none)') AS source
FROM record WHERE entity IN ('lead', 'account', 'contact') AND NOT deleted;

CREATE VIEW leads_created AS SELECT at_ns, usr, team, 1 AS top FROM newcomer WHERE entity = 'lead' AND in_window(at_ns);
CREATE VIEW accounts_created AS SELECT at_ns, usr, team, 1 AS top FROM newcomer WHERE entity = 'account' AND in_window(at_ns);
CREATE VIEW leads_qualified AS SELECT at_ns, usr, team, 1 AS top FROM lead_first WHERE status = 'qualified' AND in_window(at_ns);
CREATE VIEW leads_converted AS SELECT at_ns, usr, team, 1 AS top FROM lead_first WHERE status = 'converted' AND in_window(at_ns);
CREATE VIEW leads_lost AS SELECT at_ns, usr, team, 1 AS top FROM lead_last WHERE status = 'disqualified' AND in_window(at_ns);

CREATE MACRO leads_at(t) AS TABLE  -- those that there are at an instant, their status and whose they are then
    SELECT subject, t AS at_ns, coalesce(told(subject, 'new', t), 'open') AS status, owner_at(subject, t) AS usr,
        team_at(subject, t) AS team, teams_of(owner_at(subject, t), team_at(subject, t), t) AS teams
    FROM lead_record WHERE created <= t;
CREATE VIEW leads_open AS
WITH standing AS MATERIALIZED (FROM leads_at(getvariable('hi') - 1))
SELECT at_ns, usr, team, 1 AS top FROM standing WHERE status IN ('open', 'working');

-- Cohort: whether those created are converted by now; flow: whether those decided were.
CREATE VIEW lead_conversion_rate AS
SELECT at_ns, usr, team, subject IN (SELECT subject FROM lead_first WHERE status = 'converted') AS top, 1 AS bottom
FROM newcomer WHERE entity = 'lead' AND getvariable('variant') <> 'flow' AND in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, 1, 1 FROM leads_converted WHERE getvariable('variant') = 'flow'
UNION ALL SELECT at_ns, usr, team, 0, 1 FROM leads_lost WHERE getvariable('variant') = 'flow';

CREATE VIEW source_share AS
SELECT at_ns, usr, team, 'source:' || source = getvariable('label') AS top, 1 AS bottom
FROM newcomer WHERE entity || 's' = getvariable('variant') AND in_window(at_ns);

-- Whom sales name: orders confirmed and deals won leads and contacts, the two as the one sale that they are an account.
CREATE TABLE sale_names AS
SELECT 'lead' AS what, lead AS named FROM sale UNION SELECT 'contact', unnest(contacts) FROM sale
UNION SELECT 'account', account FROM sale
UNION SELECT what, named FROM closed JOIN link USING (subject) WHERE outcome = 'won' AND what IN ('lead', 'contact');

-- A lead that a sale names, or one of its contacts that there are, its account or that of one of its contacts.
CREATE TABLE lead_customer AS
WITH reach AS (
    SELECT subject, what, named FROM link WHERE entity = 'lead' AND (what = 'account' OR what = 'contact'
        AND 'contact/' || named NOT IN (SELECT subject FROM record WHERE deleted))),
near AS (
    SELECT subject, 'lead' AS what, key AS named FROM lead_record UNION FROM reach
    UNION SELECT r.subject, l.what, l.named FROM reach r JOIN link l ON l.subject = 'contact/' || r.named
        WHERE r.what = 'contact' AND l.what = 'account')
SELECT DISTINCT subject FROM near JOIN sale_names USING (what, named);
CREATE VIEW lead_to_customer_rate AS
SELECT at_ns, usr, team, subject IN (FROM lead_customer) AS top, 1 AS bottom FROM newcomer WHERE entity = 'lead' AND in_window(at_ns);

-- An account that a deal names which is won.
CREATE TABLE account_won AS
SELECT DISTINCT 'account/' || named AS subject FROM closed JOIN link USING (subject) WHERE outcome = 'won' AND what = 'account';
CREATE VIEW account_channel_effectiveness AS
SELECT at_ns, usr, team, subject IN (FROM account_won) AS top, 1 AS bottom
FROM newcomer WHERE entity = 'account' AND in_window(at_ns);

-- Visits, with what they say in the end; what names no kind is a session, and one visit where no count is said.
CREATE TABLE visit AS
SELECT subject, created AS at_ns, coalesce(finally(subject, 'kind'), 'session') AS kind, finally(subject, 'lead_id') AS lead,
    coalesce(finally(subject, 'count')::BIGINT, 1) AS visits, coalesce(actor, owner_at(subject, created)) AS usr,
    CASE WHEN actor IS NULL THEN team_at(subject, created) END AS team
FROM record r JOIN happened h USING (subject) WHERE h.pos = made_by AND r.entity = 'visit' AND NOT deleted;

-- A lead that is inbound, since when, and when an answer is due: it says so, or has a form and does not say, or a form visit names it.
CREATE TABLE inbound AS
WITH plea AS (
    SELECT subject, created, finally(subject, 'inbound') AS says, finally(subject, 'form_id') AS form FROM lead_record),
begun AS (
    SELECT p.subject, any_value(CASE WHEN coalesce(says = 'true', form IS NOT NULL) THEN created END) AS asked,
        min(greatest(created, at_ns)) FILTER (v.subject IS NOT NULL) AS visited
    FROM plea p LEFT JOIN visit v ON v.kind = 'form' AND 'lead/' || v.lead = p.subject GROUP BY p.subject),
target AS (SELECT at_ns, pos, text::BIGINT AS ms FROM mention WHERE entity = 'org' AND member = 'lead_response_target_ms'),
timely AS (
    SELECT subject, coalesce(asked, visited) AS since, coalesce(max_by(ms, pos), 1800000) AS ms
    FROM begun LEFT JOIN target ON at_ns <= coalesce(asked, visited) GROUP BY ALL)
SELECT subject, since, since + 1000000 * ms AS due FROM timely WHERE since IS NOT NULL;

-- The first contact that a person made with an inbound lead, and how long that took, in all and in business time.
CREATE TABLE answer AS
WITH first AS MATERIALIZED (
    SELECT i.*, a.at_ns, a.usr AS maker FROM inbound i JOIN act a ON i.subject = 'lead/' || a.lead
    WHERE human AND since <= a.at_ns AND (kind = 'meeting' OR direction = 'outbound')
    QUALIFY row_number() OVER (PARTITION BY i.subject ORDER BY a.at_ns, a.pos) = 1)
SELECT *, coalesce(maker, owner_at(subject, at_ns)) AS usr, CASE WHEN maker IS NULL THEN team_at(subject, at_ns) END AS team,
    ms_between(since, at_ns) AS ms, business_ms(subject, since, at_ns) AS worked_ms FROM first;

CREATE VIEW speed_to_lead AS
SELECT at_ns, usr, team, CASE getvariable('hours') WHEN 'business' THEN worked_ms ELSE ms END AS length_ms
FROM answer WHERE in_window(at_ns);

-- Where an answer was in time, or else was due.
CREATE TABLE judged AS
WITH judged AS (
    SELECT subject, coalesce(a.at_ns <= due, false) AS met, CASE WHEN a.at_ns <= due THEN a.at_ns ELSE due END AS at_ns
    FROM inbound LEFT JOIN answer a USING (subject, due))
SELECT *, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team FROM judged;
CREATE VIEW lead_response_within_target_rate AS
SELECT at_ns, usr, team, met AS top, 1 AS bottom FROM judged WHERE in_window(at_ns) AND at_ns < getvariable('now');

-- Inbound leads that nobody answered as of the end: how many, how many too late, how long the longest in seconds.
CREATE VIEW leads_awaiting_response AS
WITH standing AS MATERIALIZED (FROM leads_at(getvariable('hi') - 1)),
waiting AS (
    SELECT * FROM standing s JOIN inbound i USING (subject) WHERE since <= s.at_ns AND status NOT IN ('converted', 'disqualified')
        AND NOT EXISTS (FROM answer a WHERE a.subject = s.subject AND a.at_ns <= s.at_ns))
SELECT CASE getvariable('stat') WHEN 'oldest' THEN max(ms_between(since, getvariable('hi')))::DECIMAL(38, 3) * 0.001::DECIMAL(4, 3)
    WHEN 'late' THEN count(*) FILTER (due < getvariable('hi')) ELSE count(*) END AS value
FROM waiting WHERE asked_of(usr, teams);

-- What was spent on each day of a spend's span, in equal shares, those up to a day rounded down together to 1/10,000.
CREATE TABLE spent AS
WITH spend AS MATERIALIZED (
    SELECT subject, coalesce(finally(subject, 'kind'), 'marketing') AS kind, finally(subject, 'value')::JSON AS value,
        finally(subject, 'start')::DATE AS start, finally(subject, 'end')::DATE AS "end", day_of(created) AS made
    FROM record WHERE entity = 'spend' AND NOT deleted),
span AS (
    SELECT subject, kind, (number_in(value) * 10000)::HUGEINT AS units, code_in(value, value) AS code,
        coalesce(start, "end", made) AS first, greatest(coalesce("end", start, made), first) - first + 1 AS days FROM spend),
part AS (SELECT *, unnest(generate_series(1, days)) AS n FROM span)
SELECT subject, kind, midnight(first + n::INT - 1) AS at_ns, ((units * n) // days - (units * (n - 1)) // days) * 0.0001::DECIMAL(38, 4)
    * coalesce(rate_on(code, first + n::INT - 1), 0) AS amount FROM part;

CREATE VIEW cost_per_lead AS
SELECT at_ns, NULL AS usr, NULL AS team, amount AS top, 0 AS bottom FROM spent WHERE kind = 'marketing' AND in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, 0, 1 FROM leads_created;
CREATE VIEW customer_acquisition_cost AS
SELECT at_ns, NULL AS usr, NULL AS team, amount AS top, 0 AS bottom FROM spent WHERE kind IN ('marketing', 'sales') AND in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, 0, 1 FROM bought WHERE place = 1 AND in_window(at_ns);

-- Touchpoints of each kind: visits as often as they count, calls that connected, meetings held; and the sales of the same window.
CREATE VIEW touchpoint_conversion_rate AS
SELECT at_ns, usr, team, 1 AS top, 0 AS bottom FROM sale WHERE in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, 0, visits FROM visit WHERE kind = getvariable('touchpoint') AND in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, 0, 1 FROM act WHERE kind = getvariable('touchpoint') AND (kind = 'meeting' OR connected)
    AND in_window(at_ns);

CREATE VIEW revenue_per_visitor AS
SELECT at_ns, usr, team, amount AS top, 0 AS bottom FROM sale WHERE in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, -amount, 0 FROM refund WHERE in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, 0, visits FROM visit WHERE kind IN ('session', 'store_entry') AND in_window(at_ns);
