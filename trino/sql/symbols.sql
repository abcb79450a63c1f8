-- Whose candles there are, and from which month to which: read of the monthly candles alone, which are few.
-- Grain: one row per source and symbol.
SELECT
  source,
  symbol,
  CAST(to_unixtime(min(date_time)) AS bigint) AS first_month_seconds,
  CAST(to_unixtime(max(date_time)) AS bigint) AS last_month_seconds
FROM {{catalog}}.market_data.candles FOR VERSION AS OF {{candles_snapshot}}
WHERE timeframe = 'M1'
GROUP BY source, symbol
ORDER BY source, symbol
