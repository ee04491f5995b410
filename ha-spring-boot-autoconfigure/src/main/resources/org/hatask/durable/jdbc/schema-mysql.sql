-- For MySQL from 8.0 on and MariaDB from 10.6 on.
-- Tasks that go on, and those that have ended just now. Rows that are not due have no value in the index ha_task_ready.
CREATE TABLE IF NOT EXISTS ha_task (
    id               VARCHAR(100) NOT NULL PRIMARY KEY,
    version          BIGINT       NOT NULL,
    task             VARCHAR(255) NOT NULL,
    signature        TEXT         NOT NULL,
    state            VARCHAR(100) NOT NULL,
    submitted_at     BIGINT       NOT NULL,
    submitted_by     VARCHAR(255) NOT NULL,
    idempotency_key  VARCHAR(200),
    due_at           BIGINT       NOT NULL,
    expires_at       BIGINT,
    max_attempts     INTEGER      NOT NULL,
    attempts_before  INTEGER      NOT NULL,
    node_deaths      INTEGER      NOT NULL,
    cancel_requested BOOLEAN      NOT NULL,
    last_node_id     VARCHAR(255),
    ended_at         BIGINT,
    arguments        LONGTEXT     NOT NULL,
    attempts         LONGTEXT     NOT NULL,
    progress         TEXT,
    checkpoint       LONGTEXT,
    result           LONGTEXT,
    failure          LONGTEXT,
    worker           VARCHAR(255),
    node_id          VARCHAR(255),
    ready_at         BIGINT GENERATED ALWAYS AS (CASE WHEN state IN ('PENDING', 'RETRY_WAIT') THEN due_at END) STORED,
    INDEX ha_task_ready (ready_at, task),
    INDEX ha_task_expires (expires_at),
    INDEX ha_task_held (worker),
    INDEX ha_task_ended (ended_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Tasks that have ended.
CREATE TABLE IF NOT EXISTS ha_task_history (
    id               VARCHAR(100) NOT NULL PRIMARY KEY,
    version          BIGINT       NOT NULL,
    task             VARCHAR(255) NOT NULL,
    signature        TEXT         NOT NULL,
    state            VARCHAR(100) NOT NULL,
    submitted_at     BIGINT       NOT NULL,
    submitted_by     VARCHAR(255) NOT NULL,
    idempotency_key  VARCHAR(200),
    due_at           BIGINT       NOT NULL,
    expires_at       BIGINT,
    max_attempts     INTEGER      NOT NULL,
    attempts_before  INTEGER      NOT NULL,
    node_deaths      INTEGER      NOT NULL,
    cancel_requested BOOLEAN      NOT NULL,
    last_node_id     VARCHAR(255),
    ended_at         BIGINT       NOT NULL,
    arguments        LONGTEXT     NOT NULL,
    attempts         LONGTEXT     NOT NULL,
    progress         TEXT,
    checkpoint       LONGTEXT,
    result           LONGTEXT,
    failure          LONGTEXT,
    INDEX ha_task_history_ended (ended_at),
    INDEX ha_task_history_state (state, submitted_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Idempotency keys of the tasks in both: the bytes of their UTF-8, since texts that differ in spaces at the end are equal here.
CREATE TABLE IF NOT EXISTS ha_task_key (
    task             VARCHAR(255)   NOT NULL,
    idempotency_key  VARBINARY(800) NOT NULL,
    id               VARCHAR(100)   NOT NULL,
    PRIMARY KEY (task, idempotency_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Those that may hold tasks, and until when, in milliseconds since 1970.
CREATE TABLE IF NOT EXISTS ha_task_worker (
    worker           VARCHAR(255) NOT NULL PRIMARY KEY,
    lease_end        BIGINT       NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Names of tasks that are not given out.
CREATE TABLE IF NOT EXISTS ha_task_paused (
    task             VARCHAR(255) NOT NULL PRIMARY KEY
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
