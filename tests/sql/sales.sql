-- Revenue, profit & orders. A view has the name of its KPI.

-- A sale: a deal won that no confirmed order names, or an order confirmed, which is of its deal's account where it names none;
-- a deal that is deleted tells none.
CREATE TABLE sale AS
WITH made AS (
    SELECT subject, at_ns, usr, team, NULL AS deal FROM closed WHERE outcome = 'won' AND subject NOT IN (
        SELECT deal FROM confirmed WHERE deal IS NOT NULL)
    UNION ALL SELECT c.subject, at_ns, usr, team, d.subject FROM confirmed c LEFT JOIN deal d ON d.subject = c.deal)
SELECT *, coalesce(finally(subject, 'account_id'), finally(deal, 'account_id')) AS account, finally(subject, 'lead_id') AS lead,
    coalesce(from_json(finally(subject, 'contact_ids'), '["VARCHAR"]'), []) AS contacts,
    worth_at(subject, ever() - 1, day_of(at_ns)) AS amount, unrated_at(subject, ever() - 1, day_of(at_ns)) AS rate_missing,
    finally(subject, 'source') AS source, finally(subject, 'channel') AS channel, finally(subject, 'region') AS region
FROM made;

-- What it sold by its lines as they are now, and what is earned by those whose price and cost are known.
CREATE TABLE sold AS
SELECT subject, at_ns, usr, team,
    coalesce((SELECT sum(quantity) FROM item i WHERE i.subject = s.subject AND i.until = ever()), 0) AS units,
    profit_at(subject, ever() - 1, day_of(at_ns)) AS profit FROM sale s;

-- The sales of accounts, the earliest of each first.
CREATE TABLE bought AS
SELECT *, row_number() OVER (PARTITION BY account ORDER BY at_ns, subject) AS place FROM sale WHERE account IS NOT NULL;

-- What was ever paid back of an order that counts, at the rate of the day: all that is left where nobody says how much.
CREATE TABLE refund AS
WITH paid AS MATERIALIZED (
    SELECT s.pos, s.at_ns, subject, nullif(data->'refund', 'null'::JSON) AS money, day_of(s.at_ns) AS day
    FROM said s JOIN confirmed USING (subject) WHERE data->>'new' = 'refunded'),
whole AS (SELECT subject, min(pos) AS pos FROM paid WHERE money IS NULL GROUP BY subject),
said_to_be AS (
    SELECT pos, at_ns, subject, day, money FROM paid WHERE money IS NOT NULL
    UNION ALL SELECT p.pos, p.at_ns, subject, p.day, NULL FROM paid p JOIN whole USING (subject, pos)),
own AS MATERIALIZED (SELECT subject, any_value(code) AS code, sum(amount) AS whole FROM amount WHERE until = ever() GROUP BY subject),
back AS (  -- what was paid back of the whole before takes off of it
    SELECT r.pos, coalesce(sum(number_in(b.money) * coalesce(rate_on(code_in(b.money, b.money), r.day), 0)), 0) AS amount,
        coalesce(any_value(o.whole), 0) <= coalesce(sum(number_in(b.money)) FILTER (code_in(b.money, b.money) = o.code), 0) AS settled
    FROM said_to_be r LEFT JOIN own o ON o.subject = r.subject
    LEFT JOIN paid b ON b.subject = r.subject AND if(r.money IS NULL, b.pos < r.pos, b.pos = r.pos) GROUP BY r.pos)
SELECT subject, at_ns, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team,
    CASE WHEN money IS NOT NULL THEN amount WHEN settled THEN 0 ELSE worth_at(subject, ever() - 1, day) - amount END AS amount
FROM said_to_be JOIN back USING (pos);

CREATE VIEW revenue_won AS SELECT at_ns, usr, team, amount AS top FROM won WHERE in_window(at_ns);

CREATE VIEW avg_deal_size AS
SELECT at_ns, usr, team, sum(amount) AS top, 1 AS bottom FROM won WHERE in_window(at_ns) GROUP BY subject, at_ns, usr, team;

CREATE VIEW sales_heatmap AS
SELECT at_ns, usr, team, amount AS top FROM won WHERE getvariable('variant') <> 'lost' AND in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, amount FROM lost WHERE getvariable('variant') = 'lost' AND in_window(at_ns);

CREATE TABLE quote AS
SELECT subject, created AS at_ns, owner_at(subject, created) AS usr, team_at(subject, created) AS team FROM record
WHERE entity = 'quote' AND NOT deleted;
CREATE VIEW quotes_created AS SELECT at_ns, usr, team, 1 AS top FROM quote WHERE in_window(at_ns);

CREATE VIEW orders_count AS SELECT at_ns, usr, team, 1 AS top FROM confirmed WHERE in_window(at_ns);

CREATE VIEW orders_value AS
SELECT at_ns, usr, team, amount AS top FROM sale WHERE subject IN (SELECT subject FROM confirmed) AND in_window(at_ns)
UNION ALL SELECT at_ns, usr, team, -amount FROM refund WHERE in_window(at_ns);

CREATE VIEW units_sold AS SELECT at_ns, usr, team, units AS top FROM sold WHERE in_window(at_ns);

CREATE VIEW gross_profit AS SELECT at_ns, usr, team, profit AS top FROM sold WHERE in_window(at_ns);

CREATE MACRO count_or_sum(amount) AS CASE getvariable('stat') WHEN 'sum' THEN amount ELSE 1 END;
CREATE VIEW primary_sales AS SELECT at_ns, usr, team, count_or_sum(amount) AS top FROM bought WHERE place = 1 AND in_window(at_ns);

CREATE VIEW repeat_sales AS SELECT at_ns, usr, team, count_or_sum(amount) AS top FROM bought WHERE place > 1 AND in_window(at_ns);

CREATE VIEW new_customers AS SELECT at_ns, usr, team, account AS what FROM bought WHERE place = 1 AND in_window(at_ns);

-- A contract at its first signing.
CREATE TABLE signed AS
WITH first AS (
    SELECT subject, min(pos) AS pos, min(at_ns) AS at_ns FROM said JOIN record USING (subject)
    WHERE type = 'crm.contract.status_changed' AND data->>'new' = 'signed' AND NOT deleted GROUP BY subject)
SELECT *, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team FROM first;
CREATE VIEW contracts_signed AS SELECT at_ns, usr, team, 1 AS top FROM signed WHERE in_window(at_ns);

CREATE VIEW revenue_forecast AS
WITH certain AS (SELECT * FROM won WHERE in_window(at_ns) AND at_ns < getvariable('now')),
likely AS (
    SELECT * FROM deals_open_at(getvariable('now') - 1) WHERE getvariable('now') < getvariable('hi')
        AND in_window(midnight(expected + 1) - 1))
SELECT at_ns, usr, team, CASE getvariable('variant') WHEN 'profit' THEN profit ELSE amount END AS top FROM certain
UNION ALL SELECT at_ns, usr, team, CASE getvariable('variant') WHEN 'profit' THEN profit ELSE amount END * probability FROM likely;

CREATE VIEW pipeline_velocity AS
WITH open AS MATERIALIZED (SELECT usr, teams_of(usr, team, at_ns) AS teams FROM open_deal),
revenue AS (SELECT subject, sum(amount) AS amount FROM won GROUP BY subject),
recent AS MATERIALIZED (
    SELECT outcome, amount, usr, teams_of(usr, team, at_ns) AS teams, ms_between(created, at_ns) AS length_ms
    FROM closed JOIN deal USING (subject) LEFT JOIN revenue USING (subject)
    WHERE getvariable('hi') - 90 * 86400000000000 <= at_ns AND at_ns < getvariable('hi'))
SELECT (SELECT count(*) FROM open WHERE asked_of(usr, teams)) * count(*) FILTER (outcome = 'won')
        * coalesce(sum(amount), 0) * 86400000 AS top,
    count(*) * coalesce(sum(length_ms) FILTER (outcome = 'won'), 0) AS bottom FROM recent WHERE asked_of(usr, teams);
