-- Which minutes hold ticks that are not in the candles yet.
-- Grain: one row per epoch, partition and minute, with the first offset that falls into it.
SELECT
  kafka_epoch AS epoch,
  kafka_partition AS partition,
  CAST(to_unixtime(date_trunc('minute', date_time)) AS bigint) AS minute_seconds,
  min(kafka_offset) AS first_offset
FROM {{catalog}}.market_data.stock_ticks FOR VERSION AS OF {{ticks_snapshot}}
WHERE {{between_vectors}}
GROUP BY kafka_epoch, kafka_partition, date_trunc('minute', date_time)
