-- Agents: how far each user, or team, is above the mean of its peers, in standard deviations, on average of four KPIs.
CREATE VIEW agent_performance_score AS
WITH counted AS (
    SELECT 'tickets_resolved' AS kpi, at_ns, usr, team, top, 0 AS bottom FROM tickets_resolved
    UNION ALL SELECT 'first_response_time', at_ns, usr, team, length_ms, 1 FROM first_response_time
    UNION ALL SELECT 'csat_score', at_ns, usr, team, top, bottom FROM csat_score
    UNION ALL SELECT 'sla_first_response_rate', at_ns, usr, team, top, bottom FROM sla_first_response_rate),
credited AS MATERIALIZED (
    SELECT *, CASE getvariable('level') WHEN 'user' THEN [usr] WHEN 'team' THEN teams_of(usr, team, at_ns) END AS peers FROM counted),
part AS (SELECT kpi, unnest(peers) AS peer, top, bottom FROM credited),
reached AS (
    SELECT kpi, peer, sum(top)::DOUBLE / CASE kpi WHEN 'tickets_resolved' THEN 1 ELSE sum(bottom) END AS reached
    FROM (FROM part UNION ALL SELECT DISTINCT 'tickets_resolved', peer, 0, 0 FROM part) WHERE peer IS NOT NULL GROUP BY kpi, peer),
scored AS (
    SELECT peer, CASE WHEN min(reached) OVER peers = max(reached) OVER peers THEN 0
        ELSE (reached - avg(reached) OVER peers) / stddev_pop(reached) OVER peers END
        * CASE kpi WHEN 'first_response_time' THEN -1 ELSE 1 END AS z
    FROM reached WINDOW peers AS (PARTITION BY kpi))
SELECT avg(z) FILTER (peer = getvariable('who')) AS value FROM scored;
