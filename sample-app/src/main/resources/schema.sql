-- For H2 and for PostgreSQL.

CREATE TABLE IF NOT EXISTS fence (
    name  VARCHAR(40) PRIMARY KEY,
    epoch BIGINT NOT NULL
);

INSERT INTO fence (name, epoch) SELECT 'desk', 0 WHERE NOT EXISTS (SELECT 1 FROM fence WHERE name = 'desk');

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
