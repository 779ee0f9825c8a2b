-- What the lines of the audit log add up to, and which outputs were taken.

-- Through which line everything is counted.
CREATE TABLE lore_ai_counted (
    pk       INTEGER PRIMARY KEY CHECK (pk = 1),
    through  INTEGER NOT NULL CHECK (through >= 0)
) STRICT;

INSERT INTO lore_ai_counted VALUES (1, 0);

-- Hours are counted from the Unix epoch. The counters are JSON: they are read, added to and written as one.
CREATE TABLE lore_ai_usage (
    pk         INTEGER PRIMARY KEY,
    hour       INTEGER NOT NULL CHECK (hour >= 0),
    operation  TEXT    NOT NULL,
    tier       TEXT    NOT NULL,
    model      TEXT,
    counts     TEXT    NOT NULL,
    UNIQUE (hour, operation, tier, model)
) STRICT;

-- To the constraint above, rows without a model are all different.
CREATE UNIQUE INDEX lore_ai_usage_without_model ON lore_ai_usage (hour, operation, tier) WHERE model IS NULL;

CREATE TABLE lore_ai_users (
    day       INTEGER NOT NULL CHECK (day >= 0),
    user      BLOB    NOT NULL CHECK (length(user) = 20),
    has_asked INTEGER NOT NULL CHECK (has_asked IN (0, 1)),
    totals    TEXT    NOT NULL,
    PRIMARY KEY (day, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX lore_ai_users_by_user ON lore_ai_users (user, day);

CREATE TABLE lore_ai_accepted (
    asset        BLOB    NOT NULL CHECK (length(asset) = 16),
    kind         TEXT    NOT NULL,
    request      BLOB    NOT NULL CHECK (length(request) = 16),
    taken        TEXT    NOT NULL,
    is_edited    INTEGER NOT NULL CHECK (is_edited IN (0, 1)),
    rating       INTEGER CHECK (rating BETWEEN 1 AND 5),
    user         BLOB    NOT NULL CHECK (length(user) = 20),
    operation    TEXT    NOT NULL,
    model        TEXT,
    answered_at  INTEGER NOT NULL CHECK (answered_at >= 0),
    accepted_at  INTEGER NOT NULL CHECK (accepted_at >= 0),
    PRIMARY KEY (asset, kind, request)
) STRICT;

CREATE INDEX lore_ai_accepted_by_asset ON lore_ai_accepted (asset, accepted_at, kind, request);
CREATE INDEX lore_ai_accepted_by_request ON lore_ai_accepted (request, accepted_at, asset, kind);
CREATE INDEX lore_ai_accepted_by_user ON lore_ai_accepted (user, accepted_at, asset, kind, request);
CREATE INDEX lore_ai_accepted_by_answer ON lore_ai_accepted (answered_at);
