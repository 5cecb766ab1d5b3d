"""How goals on the sales pipeline of maven-crm stand, recounted in SQL over its CSV files.

The organisation is in New York, its weeks begin on Sunday, its years in February. Everything is an exact integer: an instant in
milliseconds, a target in 1/10,000, a progress as `num / den`, an elapsed share as `gone / whole`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

ZONE = "America/New_York"
JOINED, MOVED = "2016-10-12", "2017-06-15"
MOVER = ("Darcel Schlecht", "Dustin Brinkmann")
HOLIDAYS = ("2017-07-04", "2017-11-23", "2017-12-25")
HOURS = [("org", "2017-05-10 09:00", (1, 2, 3, 4)), ("Dustin Brinkmann", "2017-03-01 13:00", (2, 3, 4, 5, 6))]
"""Whose weekdays (1 is Monday) are working days from an instant in UTC on."""

RATES = [("USD", "1970-01-01", 100), ("EUR", "2016-01-01", 110), ("EUR", "2017-06-01", 125)]
"""What 100 of a currency are worth from a day on."""

DEALS = f"""
CREATE TABLE member AS
    SELECT sales_agent AS agent, manager AS team, TIMESTAMP '{JOINED}' AS first, CASE sales_agent WHEN '{MOVER[0]}'
        THEN TIMESTAMP '{MOVED}' ELSE TIMESTAMP '2100-01-01' END AS past FROM read_csv('{{data}}/sales_teams.csv')
    UNION ALL SELECT '{MOVER[0]}', '{MOVER[1]}', TIMESTAMP '{MOVED}', TIMESTAMP '2100-01-01';
CREATE TABLE deal AS
    WITH told AS (
        SELECT p.*, i.product AS product_name, i.series, i.sales_price AS price, t.regional_office AS region,
            coalesce(engage_date, (SELECT min(engage_date) FROM read_csv('{{data}}/sales_pipeline.csv')))::TIMESTAMP AS began,
            close_date::TIMESTAMP AS closed_at
        FROM read_csv('{{data}}/sales_pipeline.csv') p
        JOIN read_csv('{{data}}/products.csv') i ON replace(i.product, ' ', '') = replace(p.product, ' ', '')
        JOIN read_csv('{{data}}/sales_teams.csv') t USING (sales_agent))
    SELECT sales_agent AS agent, deal_stage AS outcome, product_name AS product, series, price, region, close_value AS worth,
        CASE deal_stage WHEN 'Prospecting' THEN 'prospecting' ELSE 'engaging' END AS stage,
        epoch_ms(began) AS created, epoch_ms(closed_at) AS closed, b.team AS created_team, c.team AS closed_team
    FROM told
    LEFT JOIN member b ON b.agent = sales_agent AND timezone('{ZONE}', timezone('UTC', began)) >= b.first
        AND timezone('{ZONE}', timezone('UTC', began)) < b.past
    LEFT JOIN member c ON c.agent = sales_agent AND timezone('{ZONE}', timezone('UTC', closed_at)) >= c.first
        AND timezone('{ZONE}', timezone('UTC', closed_at)) < c.past;
"""

WORKDAYS = f"""
CREATE TABLE day AS
    SELECT d::DATE AS day, epoch_ms(timezone('{ZONE}', d)) AS starts, epoch_ms(timezone('{ZONE}', d + INTERVAL 1 DAY)) AS ends
    FROM generate_series(TIMESTAMP '2014-01-01', TIMESTAMP '2020-12-31', INTERVAL 1 DAY) s(d);
CREATE TABLE hours_of AS
    SELECT day, whose, starts, ends, arg_max(weekdays, since) AS weekdays
    FROM day JOIN hours ON epoch_ms(since::TIMESTAMP) < ends GROUP BY ALL;
CREATE TABLE workday AS
    WITH person AS (
        SELECT 'org' AS whose, NULL AS agent, NULL AS team UNION ALL SELECT DISTINCT 'team:' || team, NULL, team FROM member
        UNION ALL SELECT DISTINCT 'user:' || agent, agent, NULL FROM member)
    SELECT p.whose, day.day, day.starts, day.ends
    FROM person p CROSS JOIN day
    LEFT JOIN member m ON m.agent = p.agent AND m.first <= day.day AND day.day < m.past
    LEFT JOIN hours_of own ON own.day = day.day AND own.whose = coalesce(p.team, m.team)
    LEFT JOIN hours_of org ON org.day = day.day AND org.whose = 'org'
    WHERE list_contains(coalesce(own.weekdays, org.weekdays, [1, 2, 3, 4, 5]), isodow(day.day))
        AND day.day NOT IN {HOLIDAYS};
"""

PERIODS = f"""
CREATE TABLE asked AS
    WITH local AS (SELECT g.*, t, timezone('{ZONE}', timezone('UTC', epoch_ms(t))) AS l FROM goal g JOIN instant USING (id)),
    begun AS (SELECT *, CASE period
            WHEN 'week' THEN date_trunc('day', l) - INTERVAL 1 DAY * (isodow(l) % 7)
            WHEN 'month' THEN date_trunc('month', l)
            WHEN 'quarter' THEN date_trunc('quarter', date_trunc('month', l) - INTERVAL 1 MONTH) + INTERVAL 1 MONTH
            WHEN 'year' THEN date_trunc('year', date_trunc('month', l) - INTERVAL 1 MONTH) + INTERVAL 1 MONTH
            ELSE first::TIMESTAMP END AS l_from FROM local),
    ended AS (SELECT *, CASE period
            WHEN 'week' THEN l_from + INTERVAL 7 DAY WHEN 'month' THEN l_from + INTERVAL 1 MONTH
            WHEN 'quarter' THEN l_from + INTERVAL 3 MONTH WHEN 'year' THEN l_from + INTERVAL 1 YEAR
            ELSE last::TIMESTAMP + INTERVAL 1 DAY END AS l_to FROM begun)
    SELECT *, epoch_ms(timezone('{ZONE}', l_from)) AS from_ms, epoch_ms(timezone('{ZONE}', l_to)) AS to_ms FROM ended;
ALTER TABLE asked ADD COLUMN upto BIGINT;
UPDATE asked SET upto = least(greatest(t, from_ms), to_ms);
"""

MEASURED = """
CREATE TABLE measured AS
    SELECT id, t,
        count(*) FILTER (outcome = 'Won' AND closes) AS won, count(*) FILTER (outcome = 'Lost' AND closes) AS lost,
        coalesce(sum(worth) FILTER (outcome = 'Won' AND closes), 0) AS revenue, count(*) FILTER (begins) AS created,
        coalesce(sum(d_closed - d_created) FILTER (outcome = 'Won' AND closes), 0) AS cycle_ms,
        count(*) FILTER (opens) AS open, coalesce(sum(price) FILTER (opens), 0) AS value,
        coalesce(sum(price * CASE stage WHEN 'engaging' THEN 6 ELSE 1 END) FILTER (opens), 0) AS weighted
    FROM (
        SELECT a.id, a.t, d.outcome, d.worth, d.stage, d.closed AS d_closed, d.created AS d_created,
            d.price,
            closed >= from_ms AND closed < upto AND (kind <> 'team' OR closed_team = who) AS closes,
            created >= from_ms AND created < upto AND (kind <> 'team' OR created_team = who) AS begins,
            created < upto AND (closed IS NULL OR closed >= upto) AND (kind <> 'team' OR m.team = who) AS opens
        FROM asked a JOIN (SELECT DISTINCT id, agent FROM goal, member WHERE kind = 'org' OR kind = 'user' AND agent = who
            OR kind = 'team' AND team = who) g ON g.id = a.id
        JOIN deal d ON d.agent = g.agent AND created < upto AND (closed IS NULL OR closed >= from_ms)
            AND (w_region IS NULL OR w_region = region) AND (w_product IS NULL OR w_product = product)
            AND (w_deal_type IS NULL OR w_deal_type = series) AND (w_stage IS NULL OR w_stage = stage)
            AND (w_user IS NULL OR w_user = d.agent)
        LEFT JOIN membership m ON a.kind = 'team' AND m.agent = d.agent AND m.first_ms < upto AND upto <= m.past_ms)
    GROUP BY ALL;
"""

STANDING = """
WITH counted AS (
    SELECT a.*, won, lost, revenue, created, cycle_ms, open, value, weighted FROM asked a LEFT JOIN measured USING (id, t)),
progressed AS (
    SELECT *, kpi NOT IN ('deals_won', 'deals_lost', 'deals_created', 'revenue_won', 'cycles') AS level, CASE kpi
            WHEN 'deals_won' THEN won WHEN 'cycles' THEN won WHEN 'deals_lost' THEN lost WHEN 'deals_created' THEN created
            WHEN 'revenue_won' THEN revenue WHEN 'avg_deal_size' THEN revenue WHEN 'win_rate' THEN won
            WHEN 'cycle' THEN cycle_ms WHEN 'deals_open' THEN open WHEN 'pipeline_value' THEN value
            ELSE weighted END AS counted,
        CASE kpi WHEN 'win_rate' THEN won + lost WHEN 'avg_deal_size' THEN won WHEN 'cycle' THEN 1000 * won
            WHEN 'weighted_pipeline' THEN 10 ELSE 1 END AS divisor
    FROM counted),
valued AS (
    SELECT p.* EXCLUDE (counted, divisor), coalesce(counted, 0)::HUGEINT AS num,
        CASE WHEN level AND t < from_ms OR coalesce(divisor, 0) = 0 THEN NULL ELSE divisor END::HUGEINT AS den,
        coalesce((SELECT arg_max(s.target, s.at_ms) FROM setting s WHERE s.id = p.id AND s.at_ms <= least(t, to_ms - 1)),
            (SELECT arg_min(s.target, s.at_ms) FROM setting s WHERE s.id = p.id))
        * (SELECT arg_max(r.worth, r.since) FROM rate r WHERE r.currency = p.currency AND r.since <= l_from::DATE) AS aim
    FROM progressed p),
paced AS (
    SELECT v.*, (SELECT count(*) FROM workday w WHERE w.whose = v.assignee AND w.day >= l_from AND w.day < l_to) AS days,
        (SELECT count(*) FROM workday w WHERE w.whose = v.assignee AND w.day >= l_from AND w.day < l_to AND ends <= t) AS past,
        coalesce((SELECT first(t - starts) FROM workday w WHERE w.whose = v.assignee AND w.day >= l_from AND w.day < l_to
            AND starts < t AND t < ends), 0) AS part,
        coalesce((SELECT first(ends - starts) FROM workday w WHERE w.whose = v.assignee AND starts < t AND t < ends), 1) AS length
    FROM valued v),
shared AS (
    SELECT *, CASE WHEN pace = 'working_days' AND days > 0 THEN past * length + part
            ELSE upto - from_ms END::HUGEINT AS gone,
        CASE WHEN pace = 'working_days' AND days > 0 THEN days * length ELSE to_ms - from_ms END::HUGEINT AS whole
    FROM paced),
compared AS (  -- all over 10,000 x den x whole: progress, target, what is expected
    SELECT *, num * 10000 * whole AS p, aim * den * whole AS q, CASE WHEN level THEN aim * den * whole ELSE aim * den * gone END AS e
    FROM shared)
SELECT id, t, from_ms, to_ms, level, num, den, aim, gone, whole, CASE
    WHEN aim IS NULL THEN NULL
    WHEN t < from_ms THEN 'on_track'
    WHEN t >= to_ms THEN CASE WHEN den IS NOT NULL AND (most AND p <= q OR NOT most AND p >= q) THEN 'reached' ELSE 'missed' END
    WHEN den IS NULL THEN 'on_track'
    WHEN level AND (most AND p <= q OR NOT most AND p >= q) THEN 'on_track'
    WHEN level THEN CASE WHEN 5 * abs(p - q) <= q THEN 'at_risk' ELSE 'off_track' END
    WHEN NOT most AND p >= q THEN 'reached'
    WHEN most AND p > q THEN 'off_track'
    WHEN e = 0 OR most AND p = 0 THEN 'on_track'
    WHEN most AND e >= p OR NOT most AND p >= e THEN 'on_track'
    WHEN most AND 10 * e >= 8 * p OR NOT most AND 10 * p >= 8 * e THEN 'at_risk'
    ELSE 'off_track' END AS state
FROM compared
"""


def recount(data: Path, goals: Sequence[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the rows of the last query by goal and instant.

    A goal has `id`, `kpi` (`cycle` and `cycles` are the mean and the number of sales cycles), `assignee`, `period` or `first` and
    `last`, `most`, `pace`, `currency`, `where`, `settings` (instant and target in 1/100 of the currency) and `instants`.
    """
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    db.execute(DEALS.replace("{data}", str(data)))
    db.execute("CREATE TABLE hours (whose VARCHAR, since VARCHAR, weekdays INTEGER[])")
    db.executemany("INSERT INTO hours VALUES (?, ?, ?)", [[whose, since, list(days)] for whose, since, days in HOURS])
    db.execute("CREATE TABLE rate (currency VARCHAR, since DATE, worth HUGEINT)")
    db.executemany("INSERT INTO rate VALUES (?, ?, ?)", [list(rate) for rate in RATES])
    db.execute(WORKDAYS)
    _insert(db, goals)
    db.execute(PERIODS)
    db.execute(
        f"CREATE TABLE membership AS SELECT agent, team, epoch_ms(timezone('{ZONE}', first)) AS first_ms, "
        f"epoch_ms(timezone('{ZONE}', past)) AS past_ms FROM member"
    )
    db.execute(MEASURED)
    found = db.execute(STANDING)
    names = [column[0] for column in found.description or ()]
    return {(row[0], row[1]): dict(zip(names, row, strict=True)) for row in found.fetchall()}


def _insert(db: duckdb.DuckDBPyConnection, goals: Sequence[dict[str, Any]]) -> None:
    filters = ("region", "product", "deal_type", "stage", "user")
    db.execute(
        "CREATE TABLE goal (id VARCHAR, kpi VARCHAR, assignee VARCHAR, kind VARCHAR, who VARCHAR, period VARCHAR, first DATE, "
        f"last DATE, most BOOLEAN, pace VARCHAR, currency VARCHAR, {', '.join(f'w_{name} VARCHAR' for name in filters)})"
    )
    db.execute("CREATE TABLE setting (id VARCHAR, at_ms BIGINT, target HUGEINT)")
    db.execute("CREATE TABLE instant (id VARCHAR, t BIGINT)")
    for goal in goals:
        kind, _, who = goal["assignee"].partition(":")
        plain = [goal[name] for name in ("period", "first", "last", "most", "pace", "currency")]
        row = [goal["id"], goal["kpi"], goal["assignee"], kind, who, *plain, *(goal["where"].get(n) for n in filters)]
        db.execute(f"INSERT INTO goal VALUES ({', '.join('?' * len(row))})", row)
    settings = [(goal["id"], *setting) for goal in goals for setting in goal["settings"]]
    instants = [(goal["id"], t) for goal in goals for t in goal["instants"]]
    db.execute(
        "INSERT INTO setting SELECT unnest(?), unnest(?), unnest(?)", [list(c) for c in zip(*settings, strict=True)]
    )
    db.execute("INSERT INTO instant SELECT unnest(?), unnest(?)", [list(c) for c in zip(*instants, strict=True)])
