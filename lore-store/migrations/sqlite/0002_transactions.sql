-- What was signed, kept before it is sent. Fees of 128 bits are 16 bytes, most significant first; chain ids, gas and block
-- numbers, which nothing sorts by, are stored in their two's complement.

CREATE TABLE lore_lanes (
    pk                INTEGER PRIMARY KEY,
    chain_id          INTEGER NOT NULL,
    signer            BLOB    NOT NULL CHECK (length(signer) = 20),
    lease_generation  INTEGER NOT NULL CHECK (lease_generation >= 1),
    lease_holder      BLOB    NOT NULL CHECK (length(lease_holder) = 16),
    lease_until       INTEGER NOT NULL CHECK (lease_until >= 0),
    UNIQUE (chain_id, signer)
) STRICT;

CREATE TABLE lore_transactions (
    pk             INTEGER PRIMARY KEY,
    lane           INTEGER NOT NULL REFERENCES lore_lanes (pk),
    nonce          INTEGER NOT NULL CHECK (nonce >= 0),
    operation_key  TEXT    NOT NULL CHECK (length(operation_key) BETWEEN 1 AND 200),
    call_to        BLOB    NOT NULL CHECK (length(call_to) = 20),
    call_value     BLOB    NOT NULL CHECK (length(call_value) = 32),
    call_data      BLOB    NOT NULL,
    gas_limit      INTEGER NOT NULL,
    summary        TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('open', 'succeeded', 'reverted', 'cancelled', 'displaced')),
    mined_hash     BLOB    CHECK (length(mined_hash) = 32),
    block_number   INTEGER CHECK ((block_number IS NULL) = (mined_hash IS NULL)),
    block_hash     BLOB    CHECK ((block_hash IS NULL) = (mined_hash IS NULL) AND length(block_hash) = 32),
    UNIQUE (lane, nonce),
    CHECK ((mined_hash IS NULL) = (state IN ('open', 'displaced')))
) STRICT;

CREATE INDEX lore_transactions_by_key ON lore_transactions (lane, operation_key, nonce);
CREATE UNIQUE INDEX lore_transactions_open ON lore_transactions (lane, nonce) WHERE state = 'open';
-- Two calls with one key are one transaction on chain, whatever the code above does.
CREATE UNIQUE INDEX lore_transactions_living ON lore_transactions (lane, operation_key)
    WHERE state IN ('open', 'succeeded');

CREATE TABLE lore_attempts (
    pk                        INTEGER PRIMARY KEY,
    tx                        INTEGER NOT NULL REFERENCES lore_transactions (pk),
    seq                       INTEGER NOT NULL CHECK (seq >= 1),
    hash                      BLOB    NOT NULL CHECK (length(hash) = 32),
    kind                      TEXT    NOT NULL CHECK (kind IN ('call', 'cancel')),
    raw                       BLOB    NOT NULL,
    max_fee_per_gas           BLOB    NOT NULL CHECK (length(max_fee_per_gas) = 16),
    max_priority_fee_per_gas  BLOB    NOT NULL CHECK (length(max_priority_fee_per_gas) = 16),
    signed_at                 INTEGER NOT NULL,
    UNIQUE (tx, seq),
    UNIQUE (tx, hash)
) STRICT;
