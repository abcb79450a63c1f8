-- How long ago the symbol's newest tick was: exactly within the last two minutes, to its minute within the last day,
-- null before. Older ticks are not read: their candles say enough, and cost less.
-- Grain: one row.
SELECT to_unixtime(current_timestamp) - to_unixtime(max(date_time)) AS age_seconds
FROM (
  SELECT date_time
  FROM lake.market_data.stock_ticks
  WHERE source = '${source}'
    AND symbol = '${symbol}'
    AND date_time >= current_timestamp - INTERVAL '2' MINUTE
  UNION ALL
  SELECT date_time
  FROM lake.market_data.candles
  WHERE timeframe = 'm1'
    AND source = '${source}'
    AND symbol = '${symbol}'
    AND date_time >= current_timestamp - INTERVAL '1' DAY
)
