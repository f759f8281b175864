-- A state file as release 0.1.0 wrote it: two boxes, a third one deleted, a preset token and one from a login.
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE box (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT,
        extension_number TEXT NOT NULL UNIQUE,
        prompt TEXT,
        enable_pin INTEGER,
        pin TEXT,
        enable_email_notify INTEGER,
        recipients TEXT,
        play_datetime TEXT
    );
INSERT INTO "box" VALUES(1,'MjE1Mjk4NTI1NzM4MzcyMTEx','Front Desk','0101','de-DE',1,'402817',1,'desk@example.com',NULL);
INSERT INTO "box" VALUES(3,'NDcyOTA1MjUzOTYzODcwNjEz','Lab','6202',NULL,1,'135790',0,NULL,NULL);
CREATE TABLE other_number (
        id TEXT NOT NULL, extension_number TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL
    );
INSERT INTO "other_number" VALUES('ODE2MzAyMjE1OTA2NzM3MTUw','1001','Reception','EXTENSION');
INSERT INTO "other_number" VALUES('Njk5OTY2MjUyMTEyMzY4NzEx','1002','Dr. Weber','EXTENSION');
INSERT INTO "other_number" VALUES('NjM1ODQxODA0NTc1OTEyNjQ1','1003','Billing','EXTENSION');
INSERT INTO "other_number" VALUES('MTk0NjMwNTU5NTgxMTMxNTk4','6300','Sales','RING_GROUP');
INSERT INTO "other_number" VALUES('MTgyMzMwOTg4Mjg5NTY1OTAz','6301','Support','CALL_QUEUE');
INSERT INTO "other_number" VALUES('NzIyMDI5OTEyNDQyODk3MDk0','6400','Monday meeting','CONFERENCE_ROOM');
INSERT INTO "other_number" VALUES('ODYzMDQyNTk2NDE5MTY0NzY3','8000','Main menu','VIRTUAL_RECEPTIONIST');
CREATE TABLE token (value TEXT PRIMARY KEY, refresh TEXT UNIQUE, expires_at REAL NOT NULL);
INSERT INTO "token" VALUES('SIMULATOR-READY-TOKEN',NULL,9e999);
INSERT INTO "token" VALUES('LOGGED-IN','REFRESH',4102444800.0);
CREATE TRIGGER number_is_taken BEFORE INSERT ON box
    WHEN EXISTS (SELECT 1 FROM other_number WHERE extension_number = NEW.extension_number)
    BEGIN SELECT RAISE(ABORT, 'the number is taken'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('box',3);
COMMIT;
