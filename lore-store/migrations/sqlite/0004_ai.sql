-- The audit log of what was asked of models, and the calls under way. Tokens and money of 64 bits, which nothing sorts by,
-- are stored in their two's complement.

-- A line is its place, its hash and its bytes: what the bytes tell has no column of its own that could say otherwise.
CREATE TABLE lore_ai_lines (
    sequence  INTEGER PRIMARY KEY CHECK (sequence >= 1),
    hash      BLOB    NOT NULL CHECK (length(hash) = 32),
    bytes     BLOB    NOT NULL
) STRICT;

-- In the bytes of a line, of whatever version, its request begins at the third.
CREATE INDEX lore_ai_lines_by_request ON lore_ai_lines (substr(bytes, 3, 16));

-- Where the chain ends, and where what is kept of it begins. Stored apart from the lines, so that lines that were cut off
-- are missed.
CREATE TABLE lore_ai_chain (
    pk               INTEGER PRIMARY KEY CHECK (pk = 1),
    head_sequence    INTEGER NOT NULL CHECK (head_sequence >= anchor_sequence),
    head_hash        BLOB    NOT NULL CHECK (length(head_hash) = 32),
    anchor_sequence  INTEGER NOT NULL CHECK (anchor_sequence >= 0),
    anchor_hash      BLOB    NOT NULL CHECK (length(anchor_hash) = 32)
) STRICT;

INSERT INTO lore_ai_chain VALUES (1, 0, zeroblob(32), 0, zeroblob(32));

CREATE TABLE lore_ai_calls (
    call             BLOB    PRIMARY KEY CHECK (length(call) = 16),
    request          BLOB    NOT NULL CHECK (length(request) = 16),
    opened           INTEGER NOT NULL CHECK (opened >= 0),
    until            INTEGER NOT NULL CHECK (until >= 0),
    user             BLOB    CHECK (length(user) = 20),
    operation        TEXT    NOT NULL,
    tier             TEXT    NOT NULL,
    provider         TEXT    NOT NULL,
    model            TEXT    NOT NULL,
    choice           INTEGER NOT NULL CHECK (choice BETWEEN 0 AND 65535),
    number           INTEGER NOT NULL CHECK (number >= 0),
    reserved_tokens  INTEGER NOT NULL,
    reserved_cost    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX lore_ai_calls_by_end ON lore_ai_calls (until);
-- What a user's day has reserved is the sum over these: stored as a sum too, the two could part.
CREATE INDEX lore_ai_calls_by_user ON lore_ai_calls (user, opened) WHERE user IS NOT NULL;

-- What closed calls have used.
CREATE TABLE lore_ai_days (
    user    BLOB    NOT NULL CHECK (length(user) = 20),
    day     INTEGER NOT NULL CHECK (day >= 0),
    tokens  INTEGER NOT NULL,
    cost    INTEGER NOT NULL,
    PRIMARY KEY (user, day)
) STRICT, WITHOUT ROWID;
