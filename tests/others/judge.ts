import type { OracleCandle, OracleTick } from '../support/foldTicks.ts'
import { expectedCandles } from '../support/oracle.ts'
import type { CandleRecord, CandleValue } from './candleTopics.ts'
import type { StoredCandle } from './tables.ts'

const REMOVED = 'removed_'

/** The rows are the ticks that must be there: none lost, doubled, changed or of nobody. */
export function judgeTicks(wanted: readonly OracleTick[], rows: readonly OracleTick[]): string[] {
  const found = Map.groupBy(rows, placeOf)
  const findings: string[] = []
  for (const tick of wanted) {
    const place = placeOf(tick)
    const [row, ...more] = found.get(place) ?? []
    found.delete(place)
    if (row === undefined) findings.push(`lost: tick ${nameOfTick(tick)}`)
    else if (more.length > 0) findings.push(`doubled: tick ${nameOfTick(tick)}, ${more.length + 1} times`)
    else if (contentsOfTick(row) !== contentsOfTick(tick))
      findings.push(`wrong: tick ${contentsOfTick(row)}, not ${contentsOfTick(tick)}`)
  }
  const strange = [...found.values()].flat().map(tick => `strange: tick ${nameOfTick(tick)}`)
  return [...findings, ...strange]
}

/** The candles are the fold of these ticks: none missing, doubled, wrong, or left over. */
export function judgeCandles(ticks: readonly OracleTick[], stored: readonly StoredCandle[]): string[] {
  const found = Map.groupBy(stored, placeOfCandle)
  const findings: string[] = []
  for (const wanted of expectedCandles(ticks)) {
    const place = placeOfCandle(wanted)
    const [candle, ...more] = found.get(place) ?? []
    found.delete(place)
    if (candle === undefined) findings.push(`missing: candle ${place}`)
    else if (more.length > 0) findings.push(`doubled: candle ${place}, ${more.length + 1} times`)
    else if (valuesOf(candle) !== valuesOf(wanted))
      findings.push(`wrong: candle ${place} is ${valuesOf(candle)}, not ${valuesOf(wanted)}`)
    else if (found.has(placeOfCandle({ ...wanted, timeframe: REMOVED + wanted.timeframe })))
      findings.push(`wrong: candle ${place} is there and removed`)
  }
  for (const [place, candles] of found) {
    if (!candles[0]!.timeframe.startsWith(REMOVED))
      findings.push(`left over: candle ${place}, volume ${candles[0]!.volume}`)
    else if (candles.length > 1) findings.push(`doubled: candle ${place}, ${candles.length} times`)
  }
  return findings
}

/**
 * The newest message of each candle is what the table has: its revision, or a tombstone; no revision was ever sent with two
 * contents; none came after a higher one; none was opened again.
 */
export function judgeTopics(records: readonly CandleRecord[], stored: readonly StoredCandle[]): string[] {
  const findings: string[] = []
  const newest = new Map<string, CandleValue | null>()
  const highest = new Map<string, CandleValue>()
  const contents = new Map<string, string>()
  for (const { topic, key, value } of records) {
    const candle = `${topic} ${key}`
    const before = newest.get(candle)
    newest.set(candle, value)
    if (value === null) continue
    const revision = `${candle} revision ${value.revision}`
    const text = `${valuesOf(value)} closed ${value.closed}`
    const known = contents.get(revision)
    if (known !== undefined && known !== text)
      findings.push(`two contents: ${revision}: ${known}, then ${text}`)
    contents.set(revision, text)
    const last = highest.get(candle)
    if (last !== undefined && value.revision < last.revision)
      findings.push(`fell: ${revision} came after ${last.revision}`)
    if (before?.closed && !value.closed) findings.push(`reopened: ${revision}`)
    if (last === undefined || value.revision > last.revision) highest.set(candle, value)
  }
  return [...findings, ...judgeNewest(newest, stored)]
}

function judgeNewest(newest: Map<string, CandleValue | null>, stored: readonly StoredCandle[]): string[] {
  const left = new Map(newest)
  const findings: string[] = []
  for (const candle of stored) {
    const isRemoved = candle.timeframe.startsWith(REMOVED)
    const name = messageName(candle)
    const value = left.get(name)
    left.delete(name)
    if (isRemoved) {
      if (value) findings.push(`no tombstone: ${name}, revision ${value.revision}`)
    } else if (!value) findings.push(`${value === null ? 'tombstone' : 'unsent'}: ${name}`)
    else if (
      `${valuesOf(value)} ${value.revision} ${value.closed}` !==
      `${valuesOf(candle)} ${candle.revision} ${candle.closed}`
    )
      findings.push(
        `Kafka differs: ${name} is ${valuesOf(value)} revision ${value.revision}, in the table ${valuesOf(candle)} revision ${candle.revision}`,
      )
  }
  for (const [name, value] of left)
    if (value !== null) findings.push(`no tombstone, no row: ${name}, revision ${value.revision}`)
  return findings
}

/** The topic and key of a candle's messages. */
function messageName({ timeframe, source, symbol, start }: StoredCandle): string {
  const name = timeframe.startsWith(REMOVED) ? timeframe.slice(REMOVED.length) : timeframe
  const dateTime = start.replace('.000Z', '.000000Z')
  return `candle_${name} ${JSON.stringify([source, symbol, dateTime])}`
}

function placeOfCandle(of: Pick<StoredCandle, 'timeframe' | 'source' | 'symbol' | 'start'>): string {
  return JSON.stringify([of.timeframe, of.source, of.symbol, of.start])
}

function valuesOf({
  open,
  high,
  low,
  close,
  volume,
}: Omit<OracleCandle, 'timeframe' | 'start' | 'source' | 'symbol'>): string {
  return JSON.stringify([open, high, low, close, volume])
}

function placeOf({ epoch, partition, offset }: OracleTick): string {
  return `${epoch}/${partition}/${offset}`
}

function nameOfTick(tick: OracleTick): string {
  const time = new Date(Number(tick.dateTimeUs / 1000n)).toISOString()
  return `${placeOf(tick)} (${tick.source} ${tick.symbol} ${time})`
}

function contentsOfTick(tick: OracleTick): string {
  const { source, symbol, mid, number, dateTimeUs } = tick
  return JSON.stringify([placeOf(tick), source, symbol, mid, String(number), String(dateTimeUs)])
}
