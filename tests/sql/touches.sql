-- Activities & touches. A view has the name of its KPI.

-- An activity that counts: a call, an e-mail or a message at its time, a meeting that was held at its latest start; who did it, else
-- its owner (of a meeting, at its completion); whether a person did and no machine, whether a call connected, whether it is a touch
-- of ours, whether they took part in it (what is not said to be outbound is theirs); and the records that it names. Each at its own
-- time, also where that is before its record was created.
CREATE TABLE act AS
WITH done AS (
    SELECT subject, entity AS kind, pos, at_ns AS done_ns, actor FROM said
    WHERE pos IN (SELECT pos FROM happened) AND (entity <> 'meeting' OR data->>'new' = 'completed')
        AND type IN ('crm.call.logged', 'crm.email.logged', 'crm.message.logged', 'crm.meeting.status_changed')
    QUALIFY row_number() OVER (PARTITION BY subject ORDER BY pos DESC) = 1),
word AS (SELECT subject, member, text FROM fact JOIN done USING (subject) WHERE until = ever()),
says AS (FROM (PIVOT word ON member IN (
    'direction', 'channel', 'source', 'author', 'automated', 'outcome', 'duration_ms', 'account_id', 'deal_id', 'lead_id', 'ticket_id',
    'thread_id', 'conversation_id', 'contact_ids', 'new', 'start') USING any_value(text) GROUP BY subject)),
whose AS MATERIALIZED (
    SELECT subject, kind, pos, CASE WHEN kind = 'meeting' AND start IS NOT NULL THEN instant(start) ELSE done_ns END AS at_ns,
        coalesce(actor, owner_at(subject, done_ns)) AS usr, CASE WHEN actor IS NULL THEN team_at(subject, done_ns) END AS team, actor,
        direction, channel, source, outcome, duration_ms::BIGINT AS duration_ms, account_id AS account, deal_id AS deal,
        lead_id AS lead, ticket_id AS ticket, thread_id AS thread, conversation_id AS conversation,
        list_distinct(coalesce(from_json(contact_ids, '["VARCHAR"]'), [])) AS contacts,
        CASE kind WHEN 'email' THEN automated IS DISTINCT FROM 'true' WHEN 'message' THEN author IS DISTINCT FROM 'bot'
            ELSE true END AS human,
        coalesce(kind = 'call' AND (outcome = 'connected' OR duration_ms::BIGINT >= 30000), false) AS connected
    FROM done JOIN record USING (subject) LEFT JOIN says USING (subject)
    WHERE NOT deleted AND (kind <> 'meeting' OR new = 'completed'))
SELECT *, kind = 'meeting' OR human AND coalesce(direction = 'outbound', false) AS ours,
    kind = 'meeting' OR connected OR kind <> 'call' AND human AND direction IS DISTINCT FROM 'outbound' AS answered FROM whose;

-- Whom live deals, leads and contacts name in the end: one row for each account, deal, lead or contact.
CREATE TABLE link AS
WITH named AS (
    SELECT f.subject, f.entity, r.key, member, text, value FROM fact f JOIN record r USING (subject)
    WHERE until = ever() AND f.entity IN ('deal', 'lead', 'contact') AND text IS NOT NULL AND NOT deleted)
SELECT subject, entity, key, member[:-4] AS what, text AS named FROM named WHERE member IN ('account_id', 'deal_id', 'lead_id')
UNION ALL SELECT DISTINCT subject, entity, key, 'contact', unnest(CASE member WHEN 'contact_ids' THEN value::VARCHAR[] END) FROM named;

-- Which accounts an activity touches: the one that it names, else its deal's, else its lead's, else those of its contacts.
CREATE TABLE act_account AS
WITH could AS (
    SELECT subject, account, 1 AS rank FROM act
    UNION ALL SELECT a.subject, l.named, 2 FROM act a JOIN link l ON l.subject = 'deal/' || a.deal AND l.what = 'account'
    UNION ALL SELECT a.subject, l.named, 3 FROM act a JOIN link l ON l.subject = 'lead/' || a.lead AND l.what = 'account'
    UNION ALL SELECT a.subject, l.named, 4 FROM (SELECT subject, unnest(contacts) AS contact FROM act) a
        JOIN link l ON l.subject = 'contact/' || a.contact AND l.what = 'account')
SELECT DISTINCT subject, account FROM (FROM could WHERE account IS NOT NULL
    QUALIFY rank() OVER (PARTITION BY subject ORDER BY rank) = 1);

-- Touches of deals: an activity of a person is one of the deal that it names, else of each deal of its lead, its contacts, its account.
CREATE TABLE touch AS
WITH loose AS (FROM act WHERE human AND deal IS NULL),
near AS (
    SELECT subject, 'deal/' || deal AS deal FROM act WHERE human AND deal IS NOT NULL
    UNION SELECT a.subject, l.subject FROM loose a JOIN link l ON l.entity = 'deal' AND l.what = 'lead' AND l.named = a.lead
    UNION SELECT a.subject, 'deal/' || l.named FROM loose a JOIN link l ON l.subject = 'lead/' || a.lead AND l.what = 'deal'
    UNION SELECT a.subject, l.subject FROM (SELECT subject, unnest(contacts) AS contact FROM loose) a
        JOIN link l ON l.entity = 'deal' AND l.what = 'contact' AND l.named = a.contact
    UNION SELECT a.subject, l.subject FROM loose JOIN act_account a USING (subject)
        JOIN link l ON l.entity = 'deal' AND l.what = 'account' AND l.named = a.account)
SELECT n.deal, a.* EXCLUDE (deal) FROM near n JOIN act a ON a.subject = n.subject JOIN deal d ON d.subject = n.deal;

-- From when on touches of a deal count: from its creation, or from that of a lead of it, whichever was first.
CREATE TABLE began AS
WITH lead_of AS (
    SELECT subject AS deal, 'lead/' || named AS lead FROM link WHERE entity = 'deal' AND what = 'lead'
    UNION SELECT 'deal/' || named, subject FROM link WHERE entity = 'lead' AND what = 'deal')
SELECT d.subject AS deal, least(any_value(d.created), min(r.created)) AS since
FROM deal d LEFT JOIN lead_of l ON l.deal = d.subject LEFT JOIN record r ON r.subject = l.lead AND NOT r.deleted GROUP BY d.subject;

-- A deal that is won or lost, with how many touches it had from then until its close.
CREATE TABLE pursued AS
SELECT c.*, since, teams_of(usr, team, at_ns) AS teams,
    (SELECT count(*) FROM touch t WHERE t.deal = c.subject AND since <= t.at_ns AND t.at_ns <= c.at_ns) AS touches
FROM closed c JOIN began b ON b.deal = c.subject;

CREATE MACRO touches_per(of_outcome) AS TABLE
    SELECT CASE getvariable('stat') WHEN 'p50' THEN quantile_disc(touches, 0.5) ELSE sum(touches) END AS top,
        CASE getvariable('stat') WHEN 'p50' THEN least(1, count(*)) ELSE count(*) END AS bottom
    FROM pursued WHERE outcome = of_outcome AND in_window(at_ns) AND asked_of(usr, teams);
CREATE VIEW touches_per_won_deal AS FROM touches_per('won');
CREATE VIEW touches_per_lost_deal AS FROM touches_per('lost');

-- What a deal won is worth by its own figures or those of an order, in one currency: 10^-8 of it, and what one is worth.
CREATE TABLE earned AS
SELECT w.subject AS deal, at_ns, usr, team, (sum(a.amount)::DECIMAL(28, 8) * 100000000)::HUGEINT AS total,
    rate_on(code, day_of(at_ns)) AS worth
FROM won w JOIN amount a ON a.subject = told_by AND until = ever() GROUP BY ALL;

-- Each touch that may have earned it, which one it is of how many.
CREATE TABLE helped AS
SELECT p.subject AS deal, t.usr, t.team, row_number() OVER (PARTITION BY p.subject ORDER BY t.at_ns, t.subject) AS place, touches
FROM pursued p JOIN touch t ON t.deal = p.subject AND since <= t.at_ns AND t.at_ns <= p.at_ns WHERE p.outcome = 'won';

-- What the touches up to one have together, rounded down to 1/10,000; the last brings it to all of it.
CREATE MACRO rounded_share(total, top, bottom) AS total * top // (bottom * 10000) * 10000;
CREATE MACRO share_upto(total, place, touches) AS CASE
    WHEN place = 0 THEN 0
    WHEN place = touches THEN total
    WHEN getvariable('model') = 'first' THEN total
    WHEN getvariable('model') = 'last' THEN 0
    WHEN getvariable('model') = 'u_shape' AND touches > 2 THEN rounded_share(total, 2 * touches + place - 5, 5 * (touches - 2))
    ELSE rounded_share(total, place, touches) END;

-- What a touch earned, at the close of the deal; without touches the deal did by itself.
CREATE VIEW attribution AS
WITH credit AS (
    SELECT at_ns, total, worth, coalesce(place, 1) AS place, coalesce(touches, 1) AS touches,
        coalesce(h.usr, CASE WHEN h.team IS NULL THEN e.usr END) AS usr,
        coalesce(h.team, CASE WHEN h.usr IS NULL THEN e.team END) AS team
    FROM earned e LEFT JOIN helped h USING (deal))
SELECT at_ns, usr, team, coalesce(worth, 0) * 0.00000001
    * (share_upto(total, place, touches) - share_upto(total, place - 1, touches)) AS amount FROM credit;

CREATE VIEW attributed_revenue AS SELECT at_ns, usr, team, amount AS top FROM attribution WHERE in_window(at_ns);

CREATE VIEW meetings_leading_to_deal AS
SELECT at_ns, usr, team, 1 AS top FROM act a WHERE kind = 'meeting' AND in_window(at_ns) AND (
    EXISTS (FROM closed c WHERE c.subject = 'deal/' || a.deal AND c.outcome = 'won' AND c.at_ns >= a.at_ns)
    OR EXISTS (FROM act_account n JOIN link l ON l.entity = 'deal' AND l.what = 'account' AND l.named = n.account
        JOIN deal d ON d.subject = l.subject
        WHERE n.subject = a.subject AND d.created BETWEEN a.at_ns AND a.at_ns + 30 * 86400000000000));

-- A touch of an account or of a contact, neither deleted nor merged, credited to who did it, else to its owner, else to that of these.
CREATE TABLE reached AS
WITH named AS (
    SELECT 'account/' || n.account AS whom, a.* FROM act_account n JOIN act a USING (subject)
    UNION ALL SELECT 'contact/' || contact, a.* FROM act a, unnest(contacts) u(contact)),
counting AS MATERIALIZED (FROM named WHERE human AND whom NOT IN (SELECT subject FROM record WHERE deleted)),
credited AS (
    SELECT c.* EXCLUDE (usr, team), coalesce(usr, CASE WHEN team IS NULL THEN owner_at(whom, at_ns) END) AS usr,
        coalesce(team, CASE WHEN usr IS NULL THEN team_at(whom, at_ns) END) AS team FROM counting c)
SELECT *, teams_of(usr, team, at_ns) AS teams FROM credited;
CREATE VIEW account_touch AS FROM reached WHERE whom LIKE 'account/%';
CREATE VIEW contact_touch AS FROM reached WHERE whom LIKE 'contact/%';

CREATE VIEW accounts_touched AS SELECT at_ns, usr, team, whom AS what FROM account_touch WHERE ours AND in_window(at_ns);

CREATE VIEW contacts_active AS SELECT at_ns, usr, team, whom AS what FROM contact_touch WHERE answered AND in_window(at_ns);

-- Touches of accounts per account and 30 days; customers had a sale by the touch.
CREATE VIEW touch_frequency AS
WITH first AS (SELECT 'account/' || account AS whom, min(at_ns) AS since FROM sale WHERE account IS NOT NULL GROUP BY ALL),
counted AS (
    SELECT whom, coalesce(since <= at_ns, false) AS customer FROM account_touch LEFT JOIN first USING (whom)
    WHERE in_window(at_ns) AND asked_of(usr, teams))
SELECT count(*) * 30 * 86400000 AS top,
    count(DISTINCT whom) * greatest(86400000, (least(getvariable('now'), getvariable('hi')) - getvariable('lo')) // 1000000) AS bottom
FROM counted WHERE CASE getvariable('variant') WHEN 'customers' THEN customer WHEN 'prospects' THEN NOT customer ELSE true END;

-- A deal closed, by the band of how often it was touched in 30 days of the time in which that counts.
CREATE VIEW frequency_response_curve AS
WITH paced AS (
    SELECT *, touches * 30 * 86400000000000 AS pace, greatest(30 * 86400000000000, at_ns - since) AS span FROM pursued)
SELECT at_ns, usr, team,
    CASE WHEN pace < 2 * span THEN '0-1' WHEN pace < 4 * span THEN '2-3' WHEN pace < 7 * span THEN '4-6' ELSE '7+' END AS band,
    (outcome = 'won')::INTEGER AS top, 1 AS bottom FROM paced WHERE in_window(at_ns);

-- Deals of a contact: those that name it, and those of its account that name no contact.
CREATE TABLE contact_deal AS
SELECT 'contact/' || named AS whom, subject AS deal FROM link WHERE entity = 'deal' AND what = 'contact'
UNION SELECT c.subject, d.subject FROM link c JOIN link d ON d.entity = 'deal' AND d.what = 'account' AND d.named = c.named
WHERE c.entity = 'contact' AND c.what = 'account' AND d.subject NOT IN (SELECT subject FROM link WHERE what = 'contact');

CREATE VIEW outreach_to_deal_rate AS
WITH first AS MATERIALIZED (SELECT * FROM contact_touch QUALIFY row_number() OVER (PARTITION BY whom ORDER BY at_ns, subject) = 1)
SELECT at_ns, usr, team, 1 AS bottom, EXISTS (FROM contact_deal c JOIN deal d ON d.subject = c.deal
    WHERE c.whom = f.whom AND d.created BETWEEN f.at_ns AND f.at_ns + 90 * 86400000000000)::INTEGER AS top
FROM first f WHERE ours AND in_window(at_ns);

-- What came of a touch of a contact that was ours.
CREATE TABLE tried AS
SELECT t.whom, t.at_ns, t.usr, t.teams,
    t.answered OR EXISTS (FROM contact_touch r WHERE r.whom = t.whom AND r.answered
        AND r.at_ns BETWEEN t.at_ns AND t.at_ns + 14 * 86400000000000) AS replied,
    EXISTS (FROM contact_touch m WHERE m.whom = t.whom AND m.kind = 'meeting'
        AND t.at_ns < m.at_ns AND m.at_ns <= t.at_ns + 90 * 86400000000000) AS met,
    EXISTS (FROM contact_deal c JOIN closed d ON d.subject = c.deal WHERE c.whom = t.whom AND d.outcome = 'won'
        AND d.at_ns BETWEEN t.at_ns AND t.at_ns + 90 * 86400000000000) AS won
FROM contact_touch t WHERE t.ours;

CREATE VIEW channel_effectiveness AS
SELECT count(DISTINCT whom) FILTER (CASE getvariable('variant') WHEN 'meeting' THEN met WHEN 'win' THEN won ELSE replied END) AS top,
    count(DISTINCT whom) AS bottom
FROM tried WHERE in_window(at_ns) AND asked_of(usr, teams);
