-- Every source that has candles: the months know them all, in the fewest rows.
-- Grain: one row per source.
SELECT DISTINCT source
FROM lake.market_data.candles
WHERE timeframe = 'M1'
ORDER BY source
