-- The candles that change when ticks arrive in the touched minutes.
-- Grain: one row per source, symbol, timeframe and bucket that a tick of a touched minute falls into.
--
-- Ticks are read for the touched minutes alone. The rest of an hour, a day, a week or a month comes from the
-- candles that are stored already, each stretch of time once: minutes of touched hours, hours of touched days, days of
-- touched weeks and months. So the cost does not depend on how much history there is.
WITH

fresh AS (
  SELECT
    source,
    symbol,
    date_trunc('minute', date_time) AS date_time,
    min_by({{price}}, ROW(date_time, number, kafka_epoch, kafka_partition, kafka_offset)) AS open,
    max({{price}}) AS high,
    min({{price}}) AS low,
    max_by({{price}}, ROW(date_time, number, kafka_epoch, kafka_partition, kafka_offset)) AS close,
    count(*) AS volume
  FROM {{catalog}}.market_data.stock_ticks FOR VERSION AS OF {{ticks_snapshot}}
  WHERE ({{touched_minutes}}) AND ({{below_vector}})
  GROUP BY 1, 2, 3
),

-- Stretches of time that do not overlap; `grain` is how many units long one is, as `timeframes` counts them.
-- One scan a timeframe: of a predicate with OR between them, Trino keeps what bounds one column, and reads whole months.
base AS (
  SELECT 0 AS grain, true AS touched, source, symbol, date_time, open, high, low, close, volume
  FROM fresh
  UNION ALL
  SELECT 0, false, source, symbol, date_time, open, high, low, close, volume
  FROM {{catalog}}.market_data.candles FOR VERSION AS OF {{candles_snapshot}}
  WHERE timeframe = 'm1' AND ({{minutes_of_touched_hours}})
  UNION ALL
  SELECT 1, false, source, symbol, date_time, open, high, low, close, volume
  FROM {{catalog}}.market_data.candles FOR VERSION AS OF {{candles_snapshot}}
  WHERE timeframe = 'h1' AND ({{hours_of_touched_days}})
  UNION ALL
  SELECT 2, false, source, symbol, date_time, open, high, low, close, volume
  FROM {{catalog}}.market_data.candles FOR VERSION AS OF {{candles_snapshot}}
  WHERE timeframe = 'D1' AND ({{days_of_touched_weeks_and_months}})
),

timeframes (timeframe, grain, unit, step) AS (
  VALUES {{timeframes}}
),

spread AS (
  SELECT
    t.timeframe,
    CASE t.unit
      WHEN 'minute' THEN date_trunc('hour', b.date_time) + (minute(b.date_time) / t.step * t.step) * INTERVAL '1' MINUTE
      WHEN 'hour' THEN date_trunc('day', b.date_time) + (hour(b.date_time) / t.step * t.step) * INTERVAL '1' HOUR
      WHEN 'day' THEN date_trunc('day', b.date_time)
      WHEN 'week' THEN date_trunc('week', b.date_time)
      WHEN 'month' THEN date_trunc('month', b.date_time)
    END AS bucket,
    b.*
  FROM base b
  JOIN timeframes t ON t.grain >= b.grain
)

SELECT
  source,
  symbol,
  timeframe,
  CAST(to_unixtime(bucket) AS bigint) AS start_seconds,
  min_by(open, date_time) AS open,
  max(high) AS high,
  min(low) AS low,
  max_by(close, date_time) AS close,
  sum(volume) AS volume
FROM spread
GROUP BY source, symbol, timeframe, bucket
HAVING bool_or(touched)
