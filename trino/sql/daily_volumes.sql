-- How many ticks the m1 candles of each day are made of, as the candles say themselves.
-- Grain: one row per day (UTC) that has a candle.
SELECT
  CAST(to_unixtime(date_trunc('day', date_time)) AS bigint) AS start_seconds,
  sum(volume) AS volume
FROM {{catalog}}.market_data.candles FOR VERSION AS OF {{candles_snapshot}}
WHERE timeframe = 'm1' AND ({{days}})
GROUP BY 1
