-- Where customers come from, as the KPIs of leads and of contacts tell it.

-- lead_to_customer_rate in per cent, or contact_value.
CREATE VIEW source_effectiveness AS
SELECT 100 * top::INTEGER AS top, bottom FROM lead_to_customer_rate WHERE getvariable('stat') <> 'sum'
UNION ALL SELECT top, bottom FROM contact_value WHERE getvariable('stat') = 'sum';
