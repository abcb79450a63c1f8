-- What happened in the range shown.
-- Grain: one row.
SELECT
  max_by(close, date_time) AS last_price,
  max_by(close, date_time) / nullif(min_by(open, date_time), 0) - 1 AS change,
  sum(volume) AS ticks
FROM lake.market_data.candles
WHERE timeframe = '{{timeframe}}'
  AND source = '${source}'
  AND symbol = '${symbol}'
  AND $__timeFilter(date_time)
