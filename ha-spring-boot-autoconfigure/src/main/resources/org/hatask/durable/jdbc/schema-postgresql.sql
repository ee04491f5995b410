-- Tasks that go on, and those that have ended just now. The room that fillfactor leaves lets the start of a task be
-- written beside its old row, without touching an index. The table changes fast and stays small: it wants to be vacuumed often.
CREATE TABLE IF NOT EXISTS ha_task (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version          BIGINT           NOT NULL,
    task             TEXT COLLATE "C" NOT NULL,
    signature        TEXT             NOT NULL,
    state            TEXT COLLATE "C" NOT NULL,
    submitted_at     BIGINT           NOT NULL,
    submitted_by     TEXT             NOT NULL,
    idempotency_key  TEXT,
    due_at           BIGINT           NOT NULL,
    expires_at       BIGINT,
    max_attempts     INTEGER          NOT NULL,
    attempts_before  INTEGER          NOT NULL,
    node_deaths      INTEGER          NOT NULL,
    cancel_requested BOOLEAN          NOT NULL,
    last_node_id     TEXT,
    ended_at         BIGINT,
    arguments        TEXT             NOT NULL,
    attempts         TEXT             NOT NULL,
    progress         TEXT,
    checkpoint       TEXT,
    result           TEXT,
    failure          TEXT,
    worker           TEXT COLLATE "C",
    node_id          TEXT,
    ready_at         BIGINT GENERATED ALWAYS AS (CASE WHEN state IN ('PENDING', 'RETRY_WAIT') THEN due_at END) STORED
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
        autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX IF NOT EXISTS ha_task_ready ON ha_task (ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS ha_task_expires ON ha_task (expires_at) WHERE expires_at IS NOT NULL AND ready_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS ha_task_held ON ha_task (worker) WHERE worker IS NOT NULL;
CREATE INDEX IF NOT EXISTS ha_task_ended ON ha_task (ended_at) WHERE ended_at IS NOT NULL;

-- Tasks that have ended.
CREATE TABLE IF NOT EXISTS ha_task_history (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version          BIGINT           NOT NULL,
    task             TEXT COLLATE "C" NOT NULL,
    signature        TEXT             NOT NULL,
    state            TEXT COLLATE "C" NOT NULL,
    submitted_at     BIGINT           NOT NULL,
    submitted_by     TEXT             NOT NULL,
    idempotency_key  TEXT,
    due_at           BIGINT           NOT NULL,
    expires_at       BIGINT,
    max_attempts     INTEGER          NOT NULL,
    attempts_before  INTEGER          NOT NULL,
    node_deaths      INTEGER          NOT NULL,
    cancel_requested BOOLEAN          NOT NULL,
    last_node_id     TEXT,
    ended_at         BIGINT           NOT NULL,
    arguments        TEXT             NOT NULL,
    attempts         TEXT             NOT NULL,
    progress         TEXT,
    checkpoint       TEXT,
    result           TEXT,
    failure          TEXT
);
CREATE INDEX IF NOT EXISTS ha_task_history_ended ON ha_task_history (ended_at);
CREATE INDEX IF NOT EXISTS ha_task_history_state ON ha_task_history (state, submitted_at, id);

-- Idempotency keys of the tasks in both.
CREATE TABLE IF NOT EXISTS ha_task_key (
    task             TEXT COLLATE "C" NOT NULL,
    idempotency_key  TEXT COLLATE "C" NOT NULL,
    id               TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (task, idempotency_key)
);

-- Those that may hold tasks, and until when, in milliseconds since 1970.
CREATE TABLE IF NOT EXISTS ha_task_worker (
    worker           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    lease_end        BIGINT           NOT NULL
);

-- Names of tasks that are not given out.
CREATE TABLE IF NOT EXISTS ha_task_paused (
    task             TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
