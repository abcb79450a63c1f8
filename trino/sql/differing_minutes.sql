-- The m1 candles of some stretches of time that are not stored as their ticks say.
-- Grain: one row per source, symbol and minute; `volume` is null for a stored candle that has no tick.
WITH

computed AS (
{{minutes}}
),

stored AS (
  SELECT source, symbol, CAST(to_unixtime(date_time) AS bigint) AS start_seconds, open, high, low, close, volume
  FROM {{catalog}}.market_data.candles FOR VERSION AS OF {{candles_snapshot}}
  WHERE timeframe = 'm1' AND ({{stretches}})
)

SELECT source, symbol, start_seconds, c.open, c.high, c.low, c.close, c.volume
FROM computed c
FULL JOIN stored s USING (source, symbol, start_seconds)
WHERE ({{share}}) AND (
  c.volume IS DISTINCT FROM s.volume
  OR c.open IS DISTINCT FROM s.open
  OR c.high IS DISTINCT FROM s.high
  OR c.low IS DISTINCT FROM s.low
  OR c.close IS DISTINCT FROM s.close
)
LIMIT {{limit}}
