-- Lore's records. Ids, addresses and hashes are their bytes; numbers of 256 bits are 32 bytes, most significant first, so
-- that they sort as numbers; numbers of 64 unsigned bits that nothing sorts by are stored in their two's complement;
-- times are microseconds since the Unix epoch. JSON holds only parts that are read and written as a whole.

CREATE TABLE lore_assets (
    pk                INTEGER PRIMARY KEY,
    id                BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    version           INTEGER NOT NULL CHECK (version >= 1),
    creation          BLOB    NOT NULL CHECK (length(creation) = 16),
    owner             BLOB    NOT NULL CHECK (length(owner) = 20),
    asset_type        TEXT    NOT NULL,
    title             TEXT    NOT NULL,
    description       TEXT    NOT NULL,
    tags              TEXT    NOT NULL,
    creators          TEXT    NOT NULL,
    media_cid         BLOB    NOT NULL,
    media_sha256      BLOB    NOT NULL CHECK (length(media_sha256) = 32),
    media_size_bytes  INTEGER NOT NULL,
    media_profile     TEXT    NOT NULL,
    media_type        TEXT    NOT NULL,
    file_name         TEXT,
    ipa_cid           BLOB,
    ipa_sha256        BLOB    CHECK ((ipa_sha256 IS NULL) = (ipa_cid IS NULL)),
    nft_cid           BLOB,
    nft_sha256        BLOB    CHECK ((nft_sha256 IS NULL) = (nft_cid IS NULL)),
    ip_id             BLOB    CHECK (length(ip_id) = 20),
    token_contract    BLOB    CHECK ((token_contract IS NULL) = (ip_id IS NULL)),
    token_id          BLOB    CHECK ((token_id IS NULL) = (ip_id IS NULL)),
    token_owner       BLOB    CHECK ((token_owner IS NULL) = (ip_id IS NULL)),
    tx_hash           BLOB    CHECK ((tx_hash IS NULL) = (ip_id IS NULL)),
    block_number      INTEGER CHECK ((block_number IS NULL) = (ip_id IS NULL)),
    registered_at     INTEGER CHECK ((registered_at IS NULL) = (ip_id IS NULL)),
    license_terms_id  BLOB,
    license_terms     TEXT    CHECK ((license_terms IS NULL) = (license_terms_id IS NULL)),
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    archived_at       INTEGER,
    -- Title, description and tags, folded by Lore, and two line feeds, so that a trigram starts at every character. Last,
    -- so that reading an asset does not read it.
    search            TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX lore_assets_by_ip ON lore_assets (ip_id) WHERE ip_id IS NOT NULL;

-- What is in use, in each order of a list; a list of everything merges two.
CREATE INDEX lore_assets_by_creation_time ON lore_assets (created_at, id) WHERE archived_at IS NULL;
CREATE INDEX lore_assets_by_update_time ON lore_assets (updated_at, id) WHERE archived_at IS NULL;
CREATE INDEX lore_assets_by_title ON lore_assets (title, id) WHERE archived_at IS NULL;
CREATE INDEX lore_assets_by_owner ON lore_assets (owner, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX lore_assets_by_type ON lore_assets (asset_type, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX lore_assets_unregistered ON lore_assets (created_at, id) WHERE archived_at IS NULL AND ip_id IS NULL;
CREATE INDEX lore_assets_archived ON lore_assets (created_at, id) WHERE archived_at IS NOT NULL;
CREATE INDEX lore_assets_archived_by_owner ON lore_assets (owner, created_at, id) WHERE archived_at IS NOT NULL;

-- Who needs some content.
CREATE INDEX lore_assets_by_media ON lore_assets (media_cid);
CREATE INDEX lore_assets_by_ipa_metadata ON lore_assets (ipa_cid) WHERE ipa_cid IS NOT NULL;
CREATE INDEX lore_assets_by_nft_metadata ON lore_assets (nft_cid) WHERE nft_cid IS NOT NULL;

-- Which assets hold which three characters. Where in the text is not kept: the few candidates are read anyway. Words of
-- one or two characters look up the range of trigrams that start with them.
CREATE VIRTUAL TABLE lore_search USING fts5 (
    search, content = 'lore_assets', content_rowid = 'pk',
    tokenize = 'trigram case_sensitive 1', detail = 'none', columnsize = 0
);
CREATE VIRTUAL TABLE lore_search_terms USING fts5vocab ('lore_search', 'instance');

CREATE TRIGGER lore_assets_inserted AFTER INSERT ON lore_assets BEGIN
    INSERT INTO lore_search (rowid, search) VALUES (new.pk, new.search);
END;
CREATE TRIGGER lore_assets_deleted AFTER DELETE ON lore_assets BEGIN
    INSERT INTO lore_search (lore_search, rowid, search) VALUES ('delete', old.pk, old.search);
END;
CREATE TRIGGER lore_assets_updated AFTER UPDATE OF search ON lore_assets WHEN old.search <> new.search BEGIN
    INSERT INTO lore_search (lore_search, rowid, search) VALUES ('delete', old.pk, old.search);
    INSERT INTO lore_search (rowid, search) VALUES (new.pk, new.search);
END;

CREATE TABLE lore_links (
    child         BLOB    NOT NULL REFERENCES lore_assets (id),
    parent        BLOB    NOT NULL REFERENCES lore_assets (id),
    position      INTEGER NOT NULL,
    relationship  TEXT    NOT NULL,
    attribution   INTEGER NOT NULL,
    terms_id      BLOB,
    policy        BLOB    CHECK ((policy IS NULL) = (terms_id IS NULL)),
    royalty       INTEGER CHECK ((royalty IS NULL) = (terms_id IS NULL)),
    PRIMARY KEY (child, parent)
) STRICT, WITHOUT ROWID;

CREATE INDEX lore_links_by_parent ON lore_links (parent, child);

CREATE TABLE lore_creations (
    id                BLOB    PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    asset             BLOB    NOT NULL UNIQUE CHECK (length(asset) = 16),
    owner             BLOB    NOT NULL CHECK (length(owner) = 20),
    idempotency_key   TEXT    NOT NULL,
    input             TEXT    NOT NULL,
    input_hash        BLOB    NOT NULL CHECK (length(input_hash) = 32),
    media_cid         BLOB    NOT NULL,
    media_source      TEXT,
    status            TEXT    NOT NULL,
    step              TEXT,
    lease_generation  INTEGER NOT NULL DEFAULT 0,
    lease_holder      BLOB    CHECK ((lease_holder IS NULL) = (lease_generation = 0)),
    lease_until       INTEGER CHECK ((lease_until IS NULL) = (lease_generation = 0)),
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    UNIQUE (owner, idempotency_key)
) STRICT;

CREATE INDEX lore_creations_by_owner ON lore_creations (owner, id);
CREATE INDEX lore_creations_by_status ON lore_creations (status, id);
CREATE INDEX lore_creations_by_media ON lore_creations (media_cid);

CREATE TABLE lore_events (
    creation  BLOB    NOT NULL REFERENCES lore_creations (id),
    seq       INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    event     TEXT    NOT NULL,
    -- What the event says is about to be pinned.
    pin_cid   BLOB,
    PRIMARY KEY (creation, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX lore_events_by_pin ON lore_events (pin_cid) WHERE pin_cid IS NOT NULL;
