import type { OffsetStretch } from '../../lib/tables/offsetVector.ts'

/** What one of the rollup's two statements binds. */
export interface MinuteStatement {
  readonly catalog: string
  readonly price: 'mid' | 'bid' | 'ask'
  readonly ticksSnapshot: bigint
  readonly stretches: readonly Stretch[]
  /** Offsets whose ticks are left out. */
  readonly later: readonly OffsetStretch[]
  /** The data files whose ticks are folded; undefined for all. */
  readonly paths: readonly string[] | undefined
  /** Only of the statement that compares with stored candles. */
  readonly compared?: {
    readonly candlesSnapshot: bigint
    readonly stretches: readonly Stretch[]
    readonly share: { readonly mask: number; readonly index: number }
    readonly limit: number
  }
}

/** Whole seconds, the end not included. */
export interface Stretch {
  readonly fromSeconds: number
  readonly toSeconds: number
}

/** The text of `trino/sql/minutes.sql` that this reader knows the meaning of. */
const MINUTES = `
SELECT source, symbol, start_seconds,
  min_by(price, place) AS open,
  max(price) AS high,
  min(price) AS low,
  max_by(price, place) AS close,
  count(*) AS volume,
  transform(
    ARRAY[min(place), max(place)],
    p -> ARRAY[
      CAST(p[1] AS varchar), CAST(p[2] AS varchar), CAST(p[3] AS varchar), CAST(p[4] AS varchar), CAST(p[5] AS varchar)
    ]
  ) AS ends
FROM (
  SELECT source, symbol,
    CAST(to_unixtime(date_trunc('minute', date_time)) AS bigint) AS start_seconds,
    «price» + 0e0 AS price,
    ROW(date_time, number, kafka_epoch, kafka_partition, kafka_offset) AS place
  FROM «catalog».market_data.stock_ticks FOR VERSION AS OF «snapshot»
  WHERE («stretches») AND NOT («later») AND («files») AND is_finite(«price»)
)
GROUP BY source, symbol, start_seconds`

/** The text of `trino/sql/differing_minutes.sql` around it. */
const DIFFERING = `
WITH
computed AS ( «minutes» ),
stored AS (
  SELECT source, symbol, CAST(to_unixtime(date_time) AS bigint) AS start_seconds, open, high, low, close, volume
  FROM «catalog».market_data.candles FOR VERSION AS OF «snapshot»
  WHERE timeframe = 'm1' AND («stretches»)
)
SELECT source, symbol, start_seconds, c.open, c.high, c.low, c.close, c.volume
FROM computed c
FULL JOIN stored s USING (source, symbol, start_seconds)
WHERE («share») AND (
  c.volume IS DISTINCT FROM s.volume
  OR c.open IS DISTINCT FROM s.open
  OR c.high IS DISTINCT FROM s.high
  OR c.low IS DISTINCT FROM s.low
  OR c.close IS DISTINCT FROM s.close
)
LIMIT «limit»`

/** Reads a statement. Throws for a text that is not, to the letter, one of the two: its meaning is not known here. */
export function readMinuteStatement(sql: string): MinuteStatement {
  const text = plain(sql)
  const differing = valuesIn(text, DIFFERING)
  const minutes = valuesIn(differing?.minutes ?? text, MINUTES)
  if (minutes === undefined || (differing && differing.catalog !== minutes.catalog)) throw unknown(text)
  return {
    catalog: minutes.catalog!,
    price: priceOf(minutes.price!),
    ticksSnapshot: BigInt(minutes.snapshot!),
    stretches: partsOf(minutes.stretches!, stretchOf),
    later: partsOf(minutes.later!, offsetStretchOf),
    paths: pathsOf(minutes.files!),
    ...(differing && {
      compared: {
        candlesSnapshot: BigInt(differing.snapshot!),
        stretches: partsOf(differing.stretches!, stretchOf),
        share: shareOf(differing.share!),
        limit: Number(differing.limit),
      },
    }),
  }
}

/** Without comments, and with one space where there is any. */
function plain(sql: string): string {
  return sql
    .replace(/^ *--.*$/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The values in the places of a known text, which are the same wherever a name stands twice; undefined for another text. */
function valuesIn(text: string, known: string): Record<string, string> | undefined {
  const seen = new Set<string>()
  const pattern = plain(known)
    .replace(/[.*+?^$()|[\]{}\\]/g, '\\$&')
    .replace(/«(\w+)»/g, (_, name: string) => {
      if (seen.has(name)) return `\\k<${name}>`
      seen.add(name)
      return `(?<${name}>.+?)`
    })
  return new RegExp(`^${pattern}$`).exec(text)?.groups
}

function partsOf<Part>(predicate: string, partOf: (text: string) => Part): Part[] {
  return predicate === 'false' ? [] : predicate.split(' OR ').map(partOf)
}

function stretchOf(text: string): Stretch {
  const [from, to] = numbersIn(
    text,
    /^\(date_time >= from_unixtime\((-?\d+)\) AND date_time < from_unixtime\((-?\d+)\)\)$/,
  )
  return { fromSeconds: from!, toSeconds: to! }
}

function offsetStretchOf(text: string): OffsetStretch {
  const [epoch, partition, from, to] = numbersIn(
    text,
    /^\(kafka_epoch = (\d+) AND kafka_partition = (\d+) AND kafka_offset >= (\d+) AND kafka_offset < (\d+)\)$/,
  )
  return { epoch: epoch!, partition: partition!, from: from!, to: to! }
}

function pathsOf(text: string): string[] | undefined {
  if (text === 'true') return undefined
  const list = /^"\$path" IN \((.+)\)$/.exec(text)?.[1]
  const paths = list?.split(', ').map(literal => /^'([^']+)'$/.exec(literal)?.[1])
  if (paths === undefined || paths.includes(undefined)) throw unknown(text)
  return paths as string[]
}

function shareOf(text: string): { mask: number; index: number } {
  if (text === 'true') return { mask: 0, index: 0 }
  const [mask, index] = numbersIn(text, /^bitwise_and\(crc32\(to_utf8\(symbol\)\), (\d+)\) = (\d+)$/)
  return { mask: mask!, index: index! }
}

function priceOf(text: string): 'mid' | 'bid' | 'ask' {
  if (text !== 'mid' && text !== 'bid' && text !== 'ask') throw unknown(text)
  return text
}

function numbersIn(text: string, pattern: RegExp): number[] {
  const match = pattern.exec(text)
  if (match === null) throw unknown(text)
  return match.slice(1).map(Number)
}

function unknown(text: string): Error {
  return new Error(`the double of Trino does not know what this means: ${text.slice(0, 2_000)}`)
}
