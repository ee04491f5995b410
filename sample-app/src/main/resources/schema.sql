-- For H2 and for PostgreSQL.

-- As in org/hatask/fence/schema-postgresql.sql.
CREATE TABLE IF NOT EXISTS ha_fence (
    name   VARCHAR(100) NOT NULL PRIMARY KEY,
    epoch  BIGINT       NOT NULL,
    passes BIGINT       NOT NULL
);

CREATE TABLE IF NOT EXISTS trade (
    trade_number  BIGINT PRIMARY KEY,
    reference     VARCHAR(80) NOT NULL UNIQUE,
    contract      VARCHAR(20) NOT NULL,
    quantity      BIGINT NOT NULL,
    price         NUMERIC(18, 6) NOT NULL,
    epoch         BIGINT NOT NULL,
    node          VARCHAR(80) NOT NULL,
    booked_at     TIMESTAMP WITH TIME ZONE NOT NULL,
    settled_at    TIMESTAMP WITH TIME ZONE,
    settled_epoch BIGINT,
    settled_node  VARCHAR(80)
);

CREATE TABLE IF NOT EXISTS confirmation (
    trade_number BIGINT PRIMARY KEY,
    reference    VARCHAR(80) NOT NULL,
    node         VARCHAR(80) NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE NOT NULL
);
