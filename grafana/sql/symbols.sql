-- Every symbol of the source that was chosen.
-- Grain: one row per symbol.
SELECT DISTINCT symbol
FROM lake.market_data.candles
WHERE timeframe = 'M1'
  AND source = '${source}'
ORDER BY symbol
