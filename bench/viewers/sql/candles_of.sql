-- What a look at candles should find: the newest ones of one symbol and timeframe, newest first.
-- Grain: one row a candle.
-- Parameters: source, symbol, timeframe, start (included), end (not included), how many at most.
SELECT
  to_iso8601(date_time AT TIME ZONE 'UTC') AS "dateTime",
  open,
  high,
  low,
  close,
  volume,
  closed,
  revision,
  to_iso8601(updated_at AT TIME ZONE 'UTC') AS "updatedAt"
FROM lake.market_data.candles FOR VERSION AS OF {{snapshot}}
WHERE source = ? AND symbol = ? AND timeframe = ? AND date_time >= ? AND date_time < ?
ORDER BY date_time DESC
LIMIT ?
