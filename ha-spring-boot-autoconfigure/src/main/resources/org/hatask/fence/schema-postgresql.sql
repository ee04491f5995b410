CREATE TABLE IF NOT EXISTS ha_fence (
    name   VARCHAR(100) NOT NULL PRIMARY KEY,
    epoch  BIGINT       NOT NULL,
    passes BIGINT       NOT NULL
);
