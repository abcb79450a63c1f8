-- The newest candles of one symbol and timeframe within a stretch of time, newest first.
-- Grain: one row a candle.
-- Parameters: source, symbol, timeframe, start (included), end (not included), how many at most.
SELECT
  CAST(to_unixtime(date_time) AS bigint) AS start_seconds,
  open,
  high,
  low,
  close,
  volume,
  closed,
  revision,
  CAST(round(to_unixtime(updated_at) * 1e6) AS bigint) AS updated_at_us
FROM {{catalog}}.market_data.candles FOR VERSION AS OF {{candles_snapshot}}
WHERE source = ? AND symbol = ? AND timeframe = ? AND date_time >= ? AND date_time < ?
ORDER BY date_time DESC
LIMIT ?
