#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "embedded")]
mod config;
#[cfg(feature = "embedded")]
mod open;

pub use lore_core::{
    Address, AssetId, BoxFuture, Caller, ChainId, Cid, Clock, CompletionFailure, Content, ContentHash,
    CreationId, Error, ErrorKind, FailureReason, FailureRecord, FailureScope, IpId, LicenseTermsId, Lore,
    LoreBuilder, MaybeSend, MaybeSync, MediaType, Result, Retry, Revert, Secret, Share, SystemClock,
    Timestamp, TokenId, TxHash, Usd, Violation, Violations, Wei, ai,
    content::{
        BytesContent, ContentReader,
        unixfs::{self, Fingerprint, Profile},
    },
    creation::{
        CreationInput, CreationPolicy, CreationRecord, CreationStatus, Event, Output, ParentInput,
        RecordedEvent, Step, Token,
    },
    domain::{
        asset::{
            Asset, AssetLimits, AssetText, AssetType, Creator, License, Media, MetadataRef, Mined,
            OnChainLink, ParentLink, Registration, Relationship,
        },
        chain_event::{
            BlockHash, ChainEvent, ChainEventKind, ChainEventQuery, GroupReward, HexBytes, Selector, Tag,
        },
        derivative::{FamilyTree, Relative, TreeRow},
        ip_account::ip_id,
        license::{LicenseOptions, LicensePreset, Payment, PilTerms, Summary, check_terms, summary},
        page::{ArchiveFilter, AssetQuery, AssetSort, CreationQuery, Cursor, Page, SortOrder},
        royalty::{AncestorEarning, RoyaltyPolicy, RoyaltyPreview},
    },
    ids::{CallId, HolderId, RequestId},
    layer::{self, Backoff, Layer},
    memory::{
        ai_log::MemoryAiLog,
        ai_reports::MemoryAiReports,
        cache::MemoryCache,
        chain::{SimulatedChain, SimulatedConfig, SimulatedEvents, SimulatedStats},
        chain_events::MemoryChainEventStore,
        pins::MemoryPinStore,
        repository::MemoryRepository,
        transactions::MemoryTransactionStore,
    },
    onchain::AssertionId,
    port::{
        ai_log::{AuditLog, Budget, CallLedger, PendingCall, Spent},
        ai_reports::{AcceptedContent, ReportStore, UsageReports},
        cache::Cache,
        chain::{ChainClient, ChainInfo, RegisteredTerms},
        chain_events::{
            AppliedEvents, BlockRef, ChainEventSource, ChainEventStore, EventBatch, EventCursor, EventRecord,
        },
        llm::{
            AnswerSchema, Completion, CompletionRequest, LlmProvider, Message, ModelInfo, Price, Role, Usage,
        },
        pins::{PinStore, Pinned},
        repository::{Lease, Repository},
        transactions::{
            AttemptKind, Inclusion, LaneId, LaneLease, OperationKey, SignedAttempt, StoredCall,
            StoredTransaction, TransactionState, TransactionStore,
        },
    },
    progress::{Progress, ProgressEvent, ProgressStream},
    protocol,
    service::{
        Abandoned, AssetEdit, AssetService, CreateAsset, CreationService, CreationView, Deleted,
        DerivativeService, FamilyView, StepView,
    },
    sync::{EventSync, SyncReport},
    task::Spawner,
    time::Day,
};

#[cfg(feature = "ai")]
pub use lore_ai::{
    CompletionEvent, CompletionStream, OpenAiConfig, OpenAiLlmProvider, SchemaMode, TokenLimitField,
};
#[cfg(feature = "kubo")]
pub use lore_ipfs::kubo::{KuboConfig, KuboPinStore};
#[cfg(feature = "pinata")]
pub use lore_ipfs::pinata::{PinataConfig, PinataPinStore};
#[cfg(feature = "blocks")]
pub use lore_ipfs::{
    FileContent,
    blocks::{BlockStats, BlockStore, BlockStoreConfig},
};
#[cfg(feature = "moka")]
pub use lore_store::moka::MokaCache;
#[cfg(feature = "redis")]
pub use lore_store::redis::{RedisCache, RedisConfig};
#[cfg(feature = "sqlite")]
pub use lore_store::sqlite::{
    SqliteAiLog, SqliteAiReports, SqliteChainEventStore, SqliteConfig, SqliteRepository,
    SqliteTransactionStore,
};
#[cfg(any(feature = "redis", feature = "sqlite"))]
pub use lore_store::task::TokioSpawner;
/// Story Protocol: the client, its operations and its configuration.
#[cfg(feature = "story")]
pub use lore_story as story;

#[cfg(feature = "story")]
pub use self::config::StoryChainConfig;
#[cfg(feature = "embedded")]
pub use self::{
    config::{AiConfig, CallConfig, ChainConfig, Config, CreationConfig, PinsConfig, StoreConfig},
    open::open,
};
