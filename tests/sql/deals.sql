-- Pipeline & deals. A view has the name of its KPI.

CREATE TABLE deal AS
SELECT subject, key, created FROM record WHERE entity = 'deal' AND NOT deleted;

-- What a deal or an order is said to be worth, and its lines, by the position of the events: from since on, before until.
CREATE TABLE valued AS
WITH figure AS MATERIALIZED (
    SELECT subject, member, value, if(initial, -1, pos) AS since,
        lead(pos, 1, ever()) OVER (PARTITION BY subject, member ORDER BY initial DESC, pos) AS until
    FROM mention WHERE entity IN ('deal', 'order') AND member IN ('value', 'lines')),
change AS (SELECT DISTINCT subject, since FROM figure)
SELECT c.subject, c.since, lead(c.since, 1, ever()) OVER (PARTITION BY c.subject ORDER BY c.since) AS until, v.value, l.value AS lines
FROM change c LEFT JOIN figure v ON v.subject = c.subject AND v.member = 'value' AND v.since <= c.since AND c.since < v.until
LEFT JOIN figure l ON l.subject = c.subject AND l.member = 'lines' AND l.since <= c.since AND c.since < l.until;

-- One line of it; a bare price is in the currency of the value.
CREATE MACRO number_in(money) AS coalesce(money->>'$.amount', money->>'$')::DECIMAL(38, 4);
CREATE MACRO code_in(money, otherwise) AS coalesce(money->>'$.currency', otherwise->>'$.currency', getvariable('currency'));
CREATE MACRO to_even(n) AS (n + 4999 + n // 10000 % 2) // 10000 * 0.0001::DECIMAL(38, 4);
CREATE MACRO times(quantity, price) AS to_even((quantity * price * 100000000)::HUGEINT);  -- to 1/10,000, half to even
CREATE TABLE item AS
SELECT v.* EXCLUDE (lines), l.value->>'product_id' AS product, coalesce((l.value->>'quantity')::DECIMAL(38, 4), 1) AS quantity,
    number_in(l.value->'unit_price') AS price, code_in(l.value->'unit_price', v.value) AS price_code,
    number_in(l.value->'unit_cost') AS cost, code_in(l.value->'unit_cost', v.value) AS cost_code
FROM valued v, json_each(v.lines) l;

-- Its amount: the value, or those of the lines where no value is given.
CREATE TABLE amount AS
SELECT subject, since, until, number_in(value) AS amount, code_in(value, value) AS code FROM valued WHERE value IS NOT NULL
UNION ALL SELECT subject, since, until, times(quantity, price), price_code FROM item WHERE value IS NULL AND price IS NOT NULL;
CREATE MACRO worth_at(of_subject, t, day) AS  -- what was said up to the event at position t, at the rates of a day
    coalesce((SELECT sum(a.amount * coalesce(rate_on(a.code, day), 0)) FROM amount a
        WHERE a.subject = of_subject AND a.since <= t AND t < a.until), 0);
CREATE MACRO unrated_at(of_subject, t, day) AS
    EXISTS (SELECT 1 FROM amount a WHERE a.subject = of_subject AND a.since <= t AND t < a.until AND rate_on(a.code, day) IS NULL);
CREATE MACRO profit_at(of_subject, t, day) AS  -- of the lines whose price and cost are known
    coalesce((SELECT sum(times(i.quantity, i.price) * rate_on(i.price_code, day)
        - times(i.quantity, i.cost) * rate_on(i.cost_code, day))
        FROM item i WHERE i.subject = of_subject AND i.since <= t AND t < i.until), 0);

-- How a deal ended and began again, when the event says, be that before its creation.
CREATE TABLE turn AS
SELECT subject, pos, at_ns, type[10:] AS outcome FROM said JOIN deal USING (subject)
WHERE type IN ('crm.deal.won', 'crm.deal.lost', 'crm.deal.reopened');
CREATE TABLE closed AS  -- the latest close, where nothing reopened it
WITH latest AS MATERIALIZED (
    SELECT * FROM turn QUALIFY row_number() OVER (PARTITION BY subject ORDER BY pos DESC) = 1 AND outcome <> 'reopened')
SELECT *, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team FROM latest;

-- An order that counts: confirmed, at its first confirmation since it was last cancelled.
CREATE TABLE confirmed AS
WITH status AS (
    SELECT subject, pos, at_ns, data->>'new' AS new FROM said JOIN record USING (subject)
    WHERE type = 'crm.order.status_changed' AND NOT deleted),
since AS (SELECT subject, coalesce(max(pos) FILTER (new = 'cancelled'), 0) AS cancelled FROM status GROUP BY subject),
first AS MATERIALIZED (
    SELECT subject, min(pos) AS pos, min(at_ns) AS at_ns FROM status JOIN since USING (subject)
    WHERE new = 'confirmed' AND pos > cancelled GROUP BY subject)
SELECT *, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team, 'deal/' || finally(subject, 'deal_id') AS deal FROM first;

-- A deal won, by whose figures it counts: its own, or those of each confirmed order that names it, as they are now.
CREATE TABLE won AS
WITH figures AS (
    SELECT c.*, coalesce(o.subject, c.subject) AS told_by FROM closed c LEFT JOIN confirmed o ON o.deal = c.subject
    WHERE outcome = 'won')
SELECT *, worth_at(told_by, ever() - 1, day_of(at_ns)) AS amount, profit_at(told_by, ever() - 1, day_of(at_ns)) AS profit FROM figures;

-- A deal lost: what it was worth then, and why, as that was corrected since.
CREATE MACRO reason_of(text) AS coalesce(nullif(trim(regexp_replace(lower(text), '\s+', ' ', 'g')), ''), '(none)');
CREATE TABLE lost AS
WITH reason AS (
    SELECT c.subject, max_by(m.text, m.pos) AS text FROM closed c JOIN mention m USING (subject)
    WHERE outcome = 'lost' AND member = 'lost_reason' AND m.pos >= c.pos GROUP BY c.subject)
SELECT c.*, reason_of(r.text) AS reason, worth_at(subject, pos, day_of(at_ns)) AS amount
FROM closed c LEFT JOIN reason r USING (subject) WHERE outcome = 'lost';

-- A time that a deal was lost, whatever became of it later; a loss told again before anything else became of it is the same one.
CREATE TABLE loss AS
WITH began AS MATERIALIZED (
    SELECT * FROM turn QUALIFY outcome = 'lost' AND lag(outcome, 1, 'open') OVER (PARTITION BY subject ORDER BY pos) <> 'lost')
SELECT subject, at_ns, owner_at(subject, at_ns) AS usr, team_at(subject, at_ns) AS team FROM began;

CREATE VIEW deals_created AS
SELECT created AS at_ns, owner_at(subject, created) AS usr, team_at(subject, created) AS team, 1 AS top FROM deal
WHERE in_window(created);

CREATE VIEW deals_won AS
SELECT at_ns, usr, team, 1 AS top FROM closed WHERE outcome = 'won' AND in_window(at_ns);

CREATE VIEW deals_lost AS
SELECT at_ns, usr, team, 1 AS top FROM closed WHERE outcome = 'lost' AND in_window(at_ns);

CREATE VIEW opportunities_per_sale AS
SELECT at_ns, usr, team, 1 AS top, (outcome = 'won')::INTEGER AS bottom FROM closed WHERE in_window(at_ns);

CREATE VIEW sales_cycle_length AS
SELECT at_ns, usr, team, ms_between(created, at_ns) AS length_ms
FROM closed JOIN deal USING (subject) WHERE outcome = 'won' AND in_window(at_ns);

CREATE VIEW win_rate AS
WITH amounts AS (
    SELECT subject, sum(amount) AS amount FROM (SELECT subject, amount FROM won UNION ALL SELECT subject, amount FROM lost)
    GROUP BY subject)
SELECT at_ns, usr, team, CASE getvariable('variant') WHEN 'value' THEN amount ELSE 1 END AS bottom,
    CASE outcome WHEN 'won' THEN bottom ELSE 0 END AS top FROM closed JOIN amounts USING (subject) WHERE in_window(at_ns);

CREATE VIEW deals_lost_value AS
SELECT at_ns, usr, team, amount AS top FROM lost WHERE in_window(at_ns);

CREATE VIEW lost_reason_share AS
SELECT at_ns, usr, team, CASE getvariable('variant') WHEN 'value' THEN amount ELSE 1 END AS bottom,
    CASE WHEN 'lost_reason:' || reason = getvariable('label') THEN bottom ELSE 0 END AS top
FROM lost WHERE in_window(at_ns);

CREATE VIEW win_back_rate AS
SELECT at_ns, usr, team, 1 AS bottom, (subject IN (SELECT subject FROM won))::INTEGER AS top FROM loss WHERE in_window(at_ns);

-- The probability of a stage as its pipeline lists it now.
CREATE TABLE stage_probability AS
SELECT f.subject[10:] AS pipeline, s.value->>'id' AS stage, (s.value->>'probability')::DECIMAL(8, 6) AS probability
FROM fact f JOIN record USING (subject), json_each(f.value) s
WHERE f.entity = 'pipeline' AND f.member = 'stages' AND f.until = ever() AND NOT deleted;

-- The deals that are open at an instant, and what is true of them then.
CREATE MACRO deals_open_at(t) AS TABLE
WITH latest AS (SELECT subject, max_by(outcome, pos) AS outcome FROM turn WHERE at_ns <= t GROUP BY subject),
last AS MATERIALIZED (SELECT coalesce(max(pos), 0) AS last FROM said WHERE at_ns <= t),
open AS MATERIALIZED (
    SELECT subject FROM deal LEFT JOIN latest USING (subject)
    WHERE created <= t AND coalesce(outcome, 'reopened') = 'reopened'),
known AS (
    SELECT subject, t AS at_ns, owner_at(subject, t) AS usr, team_at(subject, t) AS team, worth_at(subject, last, day_of(t)) AS amount,
        profit_at(subject, last, day_of(t)) AS profit, told(subject, 'new', t) AS health, told(subject, 'pipeline_id', t) AS pipeline,
        told(subject, 'stage_id', t) AS stage, told(subject, 'probability', t)::DECIMAL(8, 6) AS own,
        told(subject, 'expected_close', t)::DATE AS expected FROM open, last)
SELECT k.* EXCLUDE (own), coalesce(own, s.probability, 0) AS probability
FROM known k LEFT JOIN stage_probability s USING (pipeline, stage);
CREATE VIEW open_deal AS FROM deals_open_at(getvariable('hi') - 1);

CREATE VIEW deals_open AS SELECT at_ns, usr, team, 1 AS top FROM open_deal;

CREATE VIEW pipeline_value AS SELECT at_ns, usr, team, amount AS top FROM open_deal;

CREATE VIEW weighted_pipeline AS SELECT at_ns, usr, team, amount * probability AS top FROM open_deal;

CREATE VIEW deals_with_problems AS
SELECT at_ns, usr, team,
    CASE WHEN health IS DISTINCT FROM 'has_problems' THEN 0 WHEN getvariable('stat') = 'sum' THEN amount ELSE 1 END AS top
FROM open_deal;
