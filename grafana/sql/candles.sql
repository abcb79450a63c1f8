-- The candles of one symbol in the range shown, the open one included.
-- Grain: one row per bucket, oldest first.
SELECT date_time AS time, open, high, low, close, volume
FROM lake.market_data.candles
WHERE timeframe = '{{timeframe}}'
  AND source = '${source}'
  AND symbol = '${symbol}'
  AND $__timeFilter(date_time)
ORDER BY date_time
