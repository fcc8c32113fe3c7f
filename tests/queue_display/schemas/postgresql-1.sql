CREATE SCHEMA openteller_queue;
CREATE TABLE openteller_queue.schema_version AS SELECT 1 AS version;
CREATE TABLE openteller_queue.branch (
    name text PRIMARY KEY
);
CREATE TABLE openteller_queue.entry (
    branch text NOT NULL REFERENCES openteller_queue.branch,
    number bigint NOT NULL,
    at double precision NOT NULL,
    kind text NOT NULL,
    fields text NOT NULL,
    PRIMARY KEY (branch, number)
);
CREATE INDEX entry_opens_day ON openteller_queue.entry (branch, number) WHERE kind = 'DayOpened';
CREATE TABLE openteller_queue.answer (
    branch text NOT NULL REFERENCES openteller_queue.branch,
    key text NOT NULL,
    request text NOT NULL,
    body text NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (branch, key)
);
CREATE TABLE openteller_queue.note (
    branch text NOT NULL REFERENCES openteller_queue.branch,
    number bigint NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (branch, number)
);
CREATE TABLE openteller_queue.claim (
    branch text NOT NULL REFERENCES openteller_queue.branch,
    work text NOT NULL,
    holder text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (branch, work)
);
CREATE TABLE openteller_queue.standing (
    branch text PRIMARY KEY REFERENCES openteller_queue.branch,
    number bigint NOT NULL,
    digest text NOT NULL,
    at double precision NOT NULL,
    last bigint NOT NULL,
    heard_at double precision NOT NULL,
    behind_since double precision
);
CREATE FUNCTION openteller_queue.entries_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT branch, min(number) AS first, max(number) AS last, count(*) AS count FROM added GROUP BY branch
        ) AS batch
        WHERE batch.last - batch.first + 1 <> batch.count OR batch.first <> 1 + coalesce((
            SELECT max(earlier.number) FROM openteller_queue.entry AS earlier
            WHERE earlier.branch = batch.branch AND earlier.number < batch.first
        ), 0)
    ) THEN
        RAISE EXCEPTION 'entries are numbered without gaps';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_follow AFTER INSERT ON openteller_queue.entry
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION openteller_queue.entries_follow();
CREATE FUNCTION openteller_queue.entries_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are never changed or deleted';
END $$;
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON openteller_queue.entry
FOR EACH STATEMENT EXECUTE FUNCTION openteller_queue.entries_stay();
INSERT INTO openteller_queue.branch VALUES ('main street');
INSERT INTO openteller_queue.entry (branch, number, at, kind, fields) VALUES
('main street', 1, 1795395600.0, 'DayOpened', '{"day":"2026-11-23","midnight":1795363200.0}'),
('main street', 2, 1795395600.0, 'TellerSignedIn', '{"window":"3","teller":"1001","skills":[]}'),
('main street', 3, 1795395600.0, 'Issued', '{"ticket":"A001","services":["simple"],"customer_class":"ordinary","language":"zh","channel":"kiosk","since":1795395600.0,"notes":"","slot":null,"said_about_s":null,"said_up_to_s":null}'),
('main street', 4, 1795395600.0, 'Called', '{"ticket":"A001","window":"3","reason":["alone",0.0,120.0,0.0,"",0.0,0.0,0.0]}'),
('main street', 5, 1795395600.0, 'NoShow', '{"ticket":"A001"}'),
('main street', 6, 1795395600.0, 'Cancelled', '{"ticket":"A001","by":"customer"}'),
('main street', 7, 1795395600.0, 'Issued', '{"ticket":"B001","services":["complex"],"customer_class":"vip","language":"en","channel":"phone","since":1795395600.0,"notes":"","slot":null,"said_about_s":null,"said_up_to_s":null}');
INSERT INTO openteller_queue.note VALUES ('main street', 3, '"\u5f20\u4e09"');
INSERT INTO openteller_queue.answer VALUES ('main street', 'key', 'request', '{"a":1}', 7);
