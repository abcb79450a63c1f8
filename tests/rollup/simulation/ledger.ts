import { type Candle, candleId, sameValues } from '../../../lib/market/candle.ts'
import { timeframeOfRemoved } from '../../../lib/market/timeframe.ts'
import type { CandlesState } from '../../../lib/tables/candlesState.ts'
import { moment, must } from './wrong.ts'

/** What a commit did to a candle. */
export interface CandleStep {
  readonly before: Candle | undefined
  readonly now: Candle
}

/** Every candle as it was last seen, by whichever row stands for it: so that what no consumer may ever see is told. */
export class Ledger {
  #rows = new Map<string, Candle>()
  /** The highest revision that was ever seen of each. */
  #highest = new Map<string, number>()

  /** Takes the rows in as they are, however they came to be so. */
  accept(rows: readonly Candle[]): void {
    this.#rows = new Map(rows.map(row => [idOf(row), row]))
    this.#highest = new Map(rows.map(row => [idOf(row), row.revision]))
  }

  /** Takes the rows in as they were: the table was rolled back. What was seen since was seen. */
  rollBack(rows: readonly Candle[]): void {
    this.#rows = new Map(rows.map(row => [idOf(row), row]))
  }

  /** Takes in the rows that a commit of ours has left, and gives those that it changed. */
  take(rows: readonly Candle[], { stampUs, revisionFloor }: CandlesState): CandleStep[] {
    const next = new Map<string, Candle>()
    const steps: CandleStep[] = []
    for (const now of rows) {
      const id = idOf(now)
      must(!next.has(id), 'unique', () => `${show(now)} stands beside ${show(next.get(id)!)}`)
      next.set(id, now)
      const before = this.#rows.get(id)
      if (before !== undefined && isSame(before, now)) continue
      checkStep(before, now, stampUs)
      const least = Math.max(before?.revision ?? 0, revisionFloor)
      const highest = this.#highest.get(id) ?? 0
      must(
        now.revision === least + 1 && now.revision > highest,
        'a change has the next revision',
        () => `${show(now)} after ${least}, ${highest} was seen`,
      )
      this.#highest.set(id, now.revision)
      steps.push({ before, now })
    }
    for (const [id, before] of this.#rows)
      must(next.has(id), 'no candle vanishes', () => `${show(before)} has left no row`)
    this.#rows = next
    return steps
  }
}

function checkStep(before: Candle | undefined, now: Candle, stampUs: number): void {
  const what = () => `${before ? show(before) : 'nothing'} became ${show(now)}`
  must(now.updatedAtUs === stampUs, 'a change has the stamp of its commit', what)
  if (before === undefined) return
  const isRemoval = isRemoved(now)
  must(
    isRemoval || isRemoved(before) || now.closed !== before.closed || !sameValues(before, now),
    'a revision changes something',
    what,
  )
  must(isRemoval || isRemoved(before) || now.closed || !before.closed, 'closed is never taken back', what)
}

function isSame(a: Candle, b: Candle): boolean {
  return (
    sameValues(a, b) &&
    a.timeframe === b.timeframe &&
    a.closed === b.closed &&
    a.revision === b.revision &&
    a.updatedAtUs === b.updatedAtUs
  )
}

function isRemoved({ timeframe }: Candle): boolean {
  return timeframeOfRemoved(timeframe) !== undefined
}

/** The same for a candle and the row that stands for it once it is removed. */
function idOf(row: Candle): string {
  return candleId({ ...row, timeframe: timeframeOfRemoved(row.timeframe) ?? row.timeframe })
}

/** A row, for people. */
export function show(row: Candle): string {
  const { source, symbol, timeframe, dateTimeUs, open, high, low, close, volume, closed, revision } = row
  const values = [open, high, low, close].join('/')
  return `${source} ${symbol} ${timeframe} ${moment(dateTimeUs)} ${values} ×${volume} ${closed ? 'closed' : 'open'} r${revision}`
}
