-- The newest candles of the range shown, with what became of them.
-- Grain: one row per bucket, newest first. The plugin gives every row the last row's boolean: `closed` comes as text.
SELECT
  date_time AS time,
  open,
  high,
  low,
  close,
  volume,
  IF(closed, 'closed', 'open') AS state,
  revision,
  updated_at
FROM lake.market_data.candles
WHERE timeframe = '{{timeframe}}'
  AND source = '${source}'
  AND symbol = '${symbol}'
  AND $__timeFilter(date_time)
ORDER BY date_time DESC
LIMIT 50
