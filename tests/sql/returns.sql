-- What spending returns. A view has the name of its KPI.

CREATE VIEW marketing_roi AS
SELECT at_ns, usr, team, amount AS top, 0 AS bottom FROM attribution WHERE in_window(at_ns)
UNION ALL SELECT at_ns, NULL, NULL, -amount, amount FROM spent WHERE kind = 'marketing' AND in_window(at_ns);

-- What a window is compared with: the same part of the calendar a year earlier, or what is as long and ends where it begins.
CREATE MACRO year_before(t) AS epoch_us(timezone(getvariable('zone'), wall(t) - INTERVAL 1 YEAR)) * 1000 + t % 1000;
CREATE MACRO in_baseline(t) AS CASE getvariable('variant')
    WHEN 'last_year' THEN year_before(getvariable('lo')) <= t AND t < year_before(getvariable('hi'))
    ELSE 2 * getvariable('lo') - getvariable('hi') <= t AND t < getvariable('lo') END;

-- Times 3600000, as what an hour of work costs is for so many milliseconds.
CREATE VIEW crm_roi AS
WITH revenue AS (
    SELECT coalesce(sum(CASE WHEN in_window(at_ns) THEN amount ELSE 0 END), 0)
        - coalesce(sum(CASE WHEN in_baseline(at_ns) THEN amount ELSE 0 END), 0) AS more FROM attribution),
spared AS (SELECT coalesce(sum(saved_ms), 0)::BIGINT AS ms FROM run WHERE in_window(at_ns)),
hour AS (SELECT sum(amount * coalesce(rate_on(code, day_of(getvariable('hi') - 1)), 0)) AS money FROM hourly_cost),
cost AS (SELECT coalesce(sum(amount), 0) AS money FROM spent WHERE kind = 'crm' AND in_window(at_ns))
SELECT (more - cost.money) * 3600000 + ms * coalesce(hour.money, 0) AS top, cost.money * 3600000 AS bottom
FROM revenue, spared, hour, cost;
