-- The m1 candles of some minutes, folded from their ticks.
-- Grain: one row per source, symbol and minute that has a tick.
-- `place` is what orders ticks; `ends` has the places of a candle's first and last tick, each as five texts.
SELECT
  source,
  symbol,
  start_seconds,
  min_by(price, place) AS open,
  max(price) AS high,
  min(price) AS low,
  max_by(price, place) AS close,
  count(*) AS volume,
  transform(
    ARRAY[min(place), max(place)],
    p -> ARRAY[
      CAST(p[1] AS varchar), CAST(p[2] AS varchar), CAST(p[3] AS varchar), CAST(p[4] AS varchar), CAST(p[5] AS varchar)
    ]
  ) AS ends
FROM (
  SELECT
    source,
    symbol,
    CAST(to_unixtime(date_trunc('minute', date_time)) AS bigint) AS start_seconds,
    -- A negative zero gets the sign of the other one.
    {{price}} + 0e0 AS price,
    ROW(date_time, number, kafka_epoch, kafka_partition, kafka_offset) AS place
  FROM {{catalog}}.market_data.stock_ticks FOR VERSION AS OF {{ticks_snapshot}}
  -- Ingest admits no other price; another engine may write one.
  WHERE ({{stretches}}) AND NOT ({{later}}) AND ({{files}}) AND is_finite({{price}})
)
GROUP BY source, symbol, start_seconds
