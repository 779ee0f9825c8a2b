-- The protocol's events, and how far they are known. Chain ids, which nothing sorts by, are stored in their two's complement.

-- The whole cursor, as JSON: it is compared, read and written as one.
CREATE TABLE lore_chain_cursors (
    chain_id  INTEGER PRIMARY KEY,
    cursor    TEXT    NOT NULL
) STRICT;

CREATE TABLE lore_chain_events (
    pk          INTEGER PRIMARY KEY,
    chain_id    INTEGER NOT NULL,
    block       INTEGER NOT NULL CHECK (block >= 0),
    log_index   INTEGER NOT NULL CHECK (log_index >= 0),
    block_hash  BLOB    NOT NULL CHECK (length(block_hash) = 32),
    at          INTEGER NOT NULL,
    tx_hash     BLOB    NOT NULL CHECK (length(tx_hash) = 32),
    emitter     BLOB    NOT NULL CHECK (length(emitter) = 20),
    kind        TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    -- A number has one block at a time, so this is once per block hash too.
    UNIQUE (chain_id, block, log_index)
) STRICT;

CREATE INDEX lore_chain_events_by_kind ON lore_chain_events (chain_id, kind, block, log_index);

-- The IPs that an event names.
CREATE TABLE lore_chain_event_ips (
    chain_id   INTEGER NOT NULL,
    ip         BLOB    NOT NULL CHECK (length(ip) = 20),
    block      INTEGER NOT NULL,
    log_index  INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    PRIMARY KEY (chain_id, ip, block, log_index)
) STRICT, WITHOUT ROWID;

-- What a reorganised chain drops.
CREATE INDEX lore_chain_event_ips_by_block ON lore_chain_event_ips (chain_id, block);
