BEGIN TRANSACTION;
CREATE TABLE answer (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    body TEXT NOT NULL,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "answer" VALUES('key','request','{"a":1}',7);
CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    fields TEXT NOT NULL
) STRICT;
INSERT INTO "entry" VALUES(1,1795395600.0,'DayOpened','{"day":"2026-11-23","midnight":1795363200.0}');
INSERT INTO "entry" VALUES(2,1795395600.0,'TellerSignedIn','{"window":"3","teller":"1001","skills":[]}');
INSERT INTO "entry" VALUES(3,1795395600.0,'Issued','{"ticket":"A001","services":["simple"],"customer_class":"ordinary","language":"zh","channel":"kiosk","since":1795395600.0,"notes":"","slot":null,"said_about_s":null,"said_up_to_s":null}');
INSERT INTO "entry" VALUES(4,1795395600.0,'Called','{"ticket":"A001","window":"3","reason":["alone",0.0,120.0,0.0,"",0.0,0.0,0.0]}');
INSERT INTO "entry" VALUES(5,1795395600.0,'NoShow','{"ticket":"A001"}');
INSERT INTO "entry" VALUES(6,1795395600.0,'Cancelled','{"ticket":"A001","by":"customer"}');
INSERT INTO "entry" VALUES(7,1795395600.0,'Issued','{"ticket":"B001","services":["complex"],"customer_class":"vip","language":"en","channel":"phone","since":1795395600.0,"notes":"","slot":null,"said_about_s":null,"said_up_to_s":null}');
CREATE TABLE note (
    number INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
INSERT INTO "note" VALUES(3,'张三');
CREATE INDEX entry_opens_day ON entry (number) WHERE kind = 'DayOpened';
CREATE TRIGGER entry_follows BEFORE INSERT ON entry
WHEN new.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM entry)
BEGIN SELECT raise(ABORT, 'entries are numbered without gaps'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT raise(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER entry_unchanged BEFORE UPDATE ON entry
BEGIN SELECT raise(ABORT, 'entries are never changed'); END;
COMMIT;
PRAGMA user_version = 1;
