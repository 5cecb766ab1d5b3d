-- What is made of KPIs of several areas: what contacts are worth and where customers come from, and who needs training.

-- Revenue / contacts + engagement / 100 x (won / decided) x (revenue / won), all over one denominator.
CREATE VIEW contact_value AS
WITH part AS MATERIALIZED (
    SELECT 'revenue' AS what, at_ns, usr, team, top, 0 AS bottom FROM revenue_won
    UNION ALL SELECT 'contact', at_ns, usr, team, top, 0 FROM contacts_total
    UNION ALL SELECT 'decided', at_ns, usr, team, top, bottom FROM win_rate
    UNION ALL SELECT 'engagement', at_ns, usr, team, top, bottom FROM engagement_level),
credited AS MATERIALIZED (SELECT *, teams_of(usr, team, at_ns) AS teams FROM part),
figure AS (
    SELECT (coalesce(sum(top) FILTER (what = 'revenue'), 0)::DECIMAL(38, 10) * 10000000000)::HUGEINT AS revenue,
        count(*) FILTER (what = 'contact') AS contacts, greatest(count(*) FILTER (what = 'decided'), 1) AS decided,
        coalesce(sum(top) FILTER (what = 'engagement'), 0)::HUGEINT AS score,
        greatest(100 * sum(bottom) FILTER (what = 'engagement'), 1)::HUGEINT AS best
    FROM credited WHERE asked_of(usr, teams))
SELECT revenue * (best * decided + score * contacts) AS top, 10000000000 * contacts * best * decided AS bottom FROM figure;

CREATE MACRO of_90_days(t) AS getvariable('hi') - 90 * 86400000000000 <= t AND t < getvariable('hi');

-- Users who are below the lowest quarter of all active ones in three KPIs or more; who did nothing has 0 of what is counted.
CREATE VIEW training_need_users AS
WITH part AS MATERIALIZED (
    SELECT 'time_in_system' AS kpi, usr, length_ms AS top, NULL AS bottom FROM quarter WHERE of_90_days(at_ns)
    UNION ALL SELECT 'module_actions', usr, 1, NULL FROM written WHERE of_90_days(at_ns)
    UNION ALL SELECT 'activities_completed', usr, 1, NULL FROM activity WHERE of_90_days(at_ns)
    UNION ALL SELECT 'task_on_time_rate', usr, in_time::INTEGER, 1 FROM duty WHERE of_90_days(at_ns)
    UNION ALL SELECT 'csat_score', usr, satisfied::INTEGER, 1 FROM rating WHERE of_90_days(at_ns)
    UNION ALL SELECT 'contact_completeness', usr, top, bottom FROM contact_completeness
    UNION ALL SELECT unnest(['time_in_system', 'module_actions', 'activities_completed']), usr, 0, NULL FROM active),
reached AS (
    SELECT kpi, usr, sum(top)::DOUBLE / nullif(coalesce(sum(bottom), 1), 0) AS reached FROM part JOIN active USING (usr)
    GROUP BY kpi, usr),
placed AS (SELECT usr, reached < quantile_cont(reached, 0.25) OVER (PARTITION BY kpi) AS below FROM reached)
SELECT getvariable('hi') - 1 AS at_ns, usr, NULL::VARCHAR AS team, 1 AS top FROM placed
GROUP BY usr HAVING count(*) FILTER (below) >= 3;

-- lead_to_customer_rate in per cent, or contact_value.
CREATE VIEW source_effectiveness AS
SELECT 100 * top::INTEGER AS top, bottom FROM lead_to_customer_rate WHERE getvariable('stat') <> 'sum'
UNION ALL SELECT top, bottom FROM contact_value WHERE getvariable('stat') = 'sum';
