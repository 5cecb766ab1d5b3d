-- Contacts & data quality. A view has the name of its KPI.

-- A contact, and its account now.
CREATE TABLE contact AS
SELECT subject, key, created, finally(subject, 'account_id') AS account FROM record WHERE entity = 'contact' AND NOT deleted;

CREATE VIEW contacts_created AS
SELECT at_ns, usr, team, 1 AS top FROM newcomer WHERE entity = 'contact' AND in_window(at_ns);

CREATE MACRO contacts_at(t) AS TABLE  -- those that there are at an instant, whose they are then
SELECT subject, t AS at_ns, owner_at(subject, t) AS usr, team_at(subject, t) AS team FROM contact WHERE created <= t;

CREATE VIEW contacts_total AS SELECT at_ns, usr, team, 1 AS top FROM contacts_at(getvariable('hi') - 1);

CREATE VIEW contact_growth_rate AS
SELECT at_ns, usr, team, top, 0 AS bottom FROM contacts_created
UNION ALL SELECT at_ns, usr, team, 0, 1 FROM contacts_at(getvariable('lo') - 1);

-- A contact that an order confirmed or a deal won names, or whose account had a sale.
CREATE TABLE customer AS
WITH named AS (
    SELECT unnest(f.value::VARCHAR[]) AS key
    FROM fact f JOIN (SELECT subject FROM confirmed UNION SELECT subject FROM closed WHERE outcome = 'won') s USING (subject)
    WHERE f.member = 'contact_ids' AND f.until = ever())
SELECT subject FROM contact JOIN named USING (key) UNION SELECT c.subject FROM contact c JOIN sale s USING (account);

CREATE VIEW contact_to_customer_rate AS
SELECT at_ns, usr, team, (c.subject IS NOT NULL)::INTEGER AS top, 1 AS bottom
FROM newcomer LEFT JOIN customer c USING (subject) WHERE entity = 'contact' AND in_window(at_ns);

-- A lifecycle stage that a contact is said to have come into, and which one that was before: at first the one it was created with, or
-- what the change tells.
CREATE TABLE lifecycle_change AS
WITH explicit AS (
    SELECT m.subject, m.pos, s.at_ns, m.text AS stage, s.data->'changed'->'lifecycle'->>'old' AS old
    FROM mention m JOIN contact USING (subject) JOIN said s USING (pos) WHERE m.member = 'lifecycle' AND NOT m.initial),
chain AS (
    SELECT *, lag(stage) OVER turns AS last, row_number() OVER turns = 1 AS first FROM explicit
    WINDOW turns AS (PARTITION BY subject ORDER BY pos))
SELECT c.at_ns, owner_at(c.subject, c.at_ns) AS usr, team_at(c.subject, c.at_ns) AS team, c.stage,
    CASE WHEN c.first THEN coalesce(i.text, c.old) ELSE c.last END AS last
FROM chain c LEFT JOIN mention i ON i.subject = c.subject AND i.member = 'lifecycle' AND i.initial;

CREATE VIEW lifecycle_transitions AS
SELECT at_ns, usr, team, 1 AS top FROM lifecycle_change WHERE stage <> last AND in_window(at_ns);

-- Fields that a contact has to have.
CREATE TABLE required_field AS
SELECT DISTINCT f.value->>'$' AS field FROM fact o, json_each(o.value) f
WHERE o.entity = 'org' AND o.member = 'required_contact_fields' AND o.until = ever();

CREATE VIEW contact_completeness AS
WITH present AS MATERIALIZED (
    SELECT at_ns, usr, team, told(subject, 'filled', at_ns)::JSON::VARCHAR[] AS filled FROM contacts_at(getvariable('hi') - 1)),
needed AS (SELECT list(field) AS fields FROM required_field)
SELECT at_ns, usr, team, len(list_intersect(coalesce(filled, []), fields)) AS top, len(fields) AS bottom FROM present, needed;

-- How contacts can be reached, as far as that tells whether they are one person.
CREATE TABLE address AS
WITH hashed AS MATERIALIZED (
    SELECT subject, kind, lower(trim(finally(subject, kind))) AS hash FROM contact, (VALUES ('email_hash'), ('phone_hash')) k(kind))
FROM hashed WHERE hash <> '';
-- A contact that has one in common with another.
CREATE TABLE doubled AS
SELECT DISTINCT a.subject FROM address a JOIN address b ON b.kind = a.kind AND b.hash = a.hash AND b.subject <> a.subject;

CREATE VIEW duplicate_rate AS
SELECT at_ns, usr, team, (d.subject IS NOT NULL)::INTEGER AS top, 1 AS bottom
FROM newcomer LEFT JOIN doubled d USING (subject) WHERE entity = 'contact' AND in_window(at_ns);

-- What a saved segment asks of its records, as it was last defined.
CREATE TABLE segment AS
SELECT subject, coalesce(finally(subject, 'entity'), 'contact') AS entity FROM record WHERE entity = 'segment' AND NOT deleted;
-- A value that it asks for.
CREATE TABLE condition AS
SELECT f.subject, c.key AS dimension, c.value->>'$' AS wanted FROM fact f, json_each(f.value) c
WHERE f.entity = 'segment' AND f.member = 'where' AND f.until = ever();

-- A contact or an account in a segment: it has all values now, or has none of what is asked to be nothing.
CREATE TABLE segment_record AS
WITH tried AS MATERIALIZED (
    SELECT s.subject AS segment, r.subject, c.dimension, c.wanted, CASE c.dimension WHEN 'user' THEN [owner_at(r.subject, ever() - 1)]
        WHEN 'team' THEN teams_of(owner_at(r.subject, ever() - 1), team_at(r.subject, ever() - 1), ever() - 1)
        ELSE [finally(r.subject, c.dimension)] END AS has
    FROM segment s JOIN record r ON r.entity = s.entity AND NOT r.deleted LEFT JOIN condition c ON c.subject = s.subject
    WHERE s.entity IN ('contact', 'account'))
SELECT segment, subject FROM tried GROUP BY segment, subject
HAVING bool_and(dimension IS NULL OR CASE WHEN wanted IS NULL THEN coalesce(len(list_distinct(has)), 0) = 0
    ELSE coalesce(list_contains(has, wanted), false) END);

-- A contact in a segment, it, its account or another contact that it names.
CREATE TABLE segment_contact AS
WITH near AS (
    SELECT subject, subject AS other FROM contact UNION ALL SELECT subject, 'account/' || account FROM contact
    UNION ALL SELECT subject, 'contact/' || unnest(value::VARCHAR[]) FROM fact
        WHERE entity = 'contact' AND member = 'contact_ids' AND until = ever())
SELECT DISTINCT n.subject FROM near n JOIN segment_record r ON r.subject = n.other;

CREATE VIEW segment_size AS
SELECT at_ns, usr, team, 1 AS top FROM contacts_at(getvariable('hi') - 1) JOIN segment_contact USING (subject);
