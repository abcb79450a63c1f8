-- The obvious way: one timeframe's open candles from all raw ticks of their bucket.
-- Grain: one row per source and symbol.
SELECT
  source,
  symbol,
  min_by(mid, ROW(date_time, number, kafka_epoch, kafka_partition, kafka_offset)) AS open,
  max(mid) AS high,
  min(mid) AS low,
  max_by(mid, ROW(date_time, number, kafka_epoch, kafka_partition, kafka_offset)) AS close,
  count(*) AS volume
FROM lake.market_data.stock_ticks
WHERE date_time >= {{bucket_start}} AND date_time < {{minute_end}}
GROUP BY source, symbol
