-- Tasks that go on, and those that have ended just now.
CREATE TABLE IF NOT EXISTS ha_task (
    id               VARCHAR NOT NULL PRIMARY KEY,
    version          BIGINT  NOT NULL,
    task             VARCHAR NOT NULL,
    signature        VARCHAR NOT NULL,
    state            VARCHAR NOT NULL,
    submitted_at     BIGINT  NOT NULL,
    submitted_by     VARCHAR NOT NULL,
    idempotency_key  VARCHAR,
    due_at           BIGINT  NOT NULL,
    expires_at       BIGINT,
    max_attempts     INTEGER NOT NULL,
    attempts_before  INTEGER NOT NULL,
    node_deaths      INTEGER NOT NULL,
    cancel_requested BOOLEAN NOT NULL,
    last_node_id     VARCHAR,
    ended_at         BIGINT,
    arguments        CLOB    NOT NULL,
    attempts         CLOB    NOT NULL,
    progress         CLOB,
    checkpoint       CLOB,
    result           CLOB,
    failure          CLOB,
    worker           VARCHAR,
    node_id          VARCHAR,
    ready_at         BIGINT GENERATED ALWAYS AS (CASE WHEN state IN ('PENDING', 'RETRY_WAIT') THEN due_at END)
);
CREATE INDEX IF NOT EXISTS ha_task_ready ON ha_task (ready_at, task);
CREATE INDEX IF NOT EXISTS ha_task_expires ON ha_task (expires_at);
CREATE INDEX IF NOT EXISTS ha_task_held ON ha_task (worker);
CREATE INDEX IF NOT EXISTS ha_task_ended ON ha_task (ended_at);

-- Tasks that have ended.
CREATE TABLE IF NOT EXISTS ha_task_history (
    id               VARCHAR NOT NULL PRIMARY KEY,
    version          BIGINT  NOT NULL,
    task             VARCHAR NOT NULL,
    signature        VARCHAR NOT NULL,
    state            VARCHAR NOT NULL,
    submitted_at     BIGINT  NOT NULL,
    submitted_by     VARCHAR NOT NULL,
    idempotency_key  VARCHAR,
    due_at           BIGINT  NOT NULL,
    expires_at       BIGINT,
    max_attempts     INTEGER NOT NULL,
    attempts_before  INTEGER NOT NULL,
    node_deaths      INTEGER NOT NULL,
    cancel_requested BOOLEAN NOT NULL,
    last_node_id     VARCHAR,
    ended_at         BIGINT  NOT NULL,
    arguments        CLOB    NOT NULL,
    attempts         CLOB    NOT NULL,
    progress         CLOB,
    checkpoint       CLOB,
    result           CLOB,
    failure          CLOB
);
CREATE INDEX IF NOT EXISTS ha_task_history_ended ON ha_task_history (ended_at);
CREATE INDEX IF NOT EXISTS ha_task_history_state ON ha_task_history (state, submitted_at, id);

-- Idempotency keys of the tasks in both.
CREATE TABLE IF NOT EXISTS ha_task_key (
    task             VARCHAR NOT NULL,
    idempotency_key  VARCHAR NOT NULL,
    id               VARCHAR NOT NULL,
    PRIMARY KEY (task, idempotency_key)
);

-- Those that may hold tasks, and until when, in milliseconds since 1970.
CREATE TABLE IF NOT EXISTS ha_task_worker (
    worker           VARCHAR NOT NULL PRIMARY KEY,
    lease_end        BIGINT  NOT NULL
);

-- Names of tasks that are not given out.
CREATE TABLE IF NOT EXISTS ha_task_paused (
    task             VARCHAR NOT NULL PRIMARY KEY
);
