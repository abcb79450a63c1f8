import type { Candle } from '../../lib/market/candle.ts'
import { DAY_US, floorTo, HOUR_US, MINUTE_US, type Micros, SECOND_US } from '../../lib/market/time.ts'
import { bucketEnd, bucketStart, TIMEFRAMES, type Timeframe } from '../../lib/market/timeframe.ts'
import { walkPrice } from '../../lib/market/walk.ts'
import { FAKE_SOURCE, fakeInstruments } from '../../lib/produce/fakeTicks.ts'
import type { Services } from '../../lib/services.ts'
import { candlesState, candlesSummary } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { loadTable } from '../../lib/tables/layout.ts'
import { candlesRetention } from '../../lib/tables/retention.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { CandleFiles } from '../history/candleFiles.ts'
import { SEED } from '../history/spec.ts'
import { TableWriter } from '../history/tableWriter.ts'

/** How far back candles of hours go. */
export const DAYS_OF_HOURS = 30
/** How far back candles of minutes go: more than the 500 minutes that a first look asks for. */
export const HOURS_OF_MINUTES = 9

interface WideSpec {
  readonly symbols: number
  readonly days: number
  readonly endUs: Micros
}

/** The start of the candles of some timeframes, and the spacing of prices from there on. */
interface Depth {
  readonly fromUs: Micros
  readonly everyUs: number
}

/**
 * Writes candles of many symbols into the empty candles table, without their ticks, in files as rollup and `maintain` leave
 * them. Once `publishedBeforeLastDay` has run, `publish` has none of them left to send.
 */
export async function buildWideHistory(
  services: Pick<Services, 'catalog' | 'store' | 'settings'>,
  { symbols, days, endUs }: WideSpec,
): Promise<void> {
  const { catalog, store, settings } = services
  const table = await loadTable(catalog, CANDLES_TABLE)
  const ticks = await loadTable(catalog, TICKS_TABLE)
  const stampUs = Date.now() * 1000
  const writer = new TableWriter(services, table, candlesRetention(settings))
  const files = new CandleFiles(store, table)
  const instruments = fakeInstruments(SEED, symbols).sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const depths = depthsBefore(endUs, days)
  const folds = TIMEFRAMES.map(
    timeframe =>
      new WideFold(timeframe, { symbols: instruments.map(({ symbol }) => symbol), endUs, stampUs }),
  )
  const prices = new Float64Array(symbols)
  const written = []
  for (const timeUs of momentsOf(depths, endUs)) {
    for (const [i, instrument] of instruments.entries()) prices[i] = walkPrice(instrument, timeUs / 1000)
    for (const fold of folds) {
      if (timeUs >= depths[fold.timeframe.unit].fromUs) files.add(fold.add(timeUs, prices))
    }
    written.push(...(await files.writeUntil(timeUs)))
  }
  for (const fold of folds) files.add(fold.end())
  written.push(...(await files.end()))
  const summary = candlesSummary({
    ...candlesState(table),
    ticksSequence: ticks.metadata.lastSequenceNumber,
    closedUntilUs: endUs,
    stampUs,
    pending: [],
  })
  await writer.commit(written, summary)
  await writer.lengthenList(summary)
}

function depthsBefore(endUs: Micros, count: number): Record<Timeframe['unit'], Depth> {
  const midnightUs = floorTo(endUs, DAY_US)
  const days = { fromUs: midnightUs - count * DAY_US, everyUs: 6 * HOUR_US }
  return {
    day: days,
    week: days,
    month: days,
    hour: { fromUs: midnightUs - DAYS_OF_HOURS * DAY_US, everyUs: 30 * MINUTE_US },
    minute: { fromUs: floorTo(endUs, HOUR_US) - HOURS_OF_MINUTES * HOUR_US, everyUs: 30 * SECOND_US },
  }
}

function* momentsOf(
  { day, hour, minute }: Record<Timeframe['unit'], Depth>,
  endUs: Micros,
): Generator<Micros> {
  const depths = [day, hour, minute]
  for (const [i, { fromUs, everyUs }] of depths.entries()) {
    const toUs = depths[i + 1]?.fromUs ?? endUs
    for (let timeUs = fromUs; timeUs < toUs; timeUs += everyUs) yield timeUs
  }
}

/** Folds the prices of all symbols to candles of one timeframe. All symbols have prices at the same moments. */
class WideFold {
  readonly timeframe: Timeframe & { readonly name: string }
  readonly #of: { readonly symbols: readonly string[]; readonly endUs: Micros; readonly stampUs: Micros }
  readonly #open: Float64Array
  readonly #high: Float64Array
  readonly #low: Float64Array
  readonly #close: Float64Array
  #volume = 0
  #startUs = Number.NaN

  constructor(
    timeframe: Timeframe,
    of: { readonly symbols: readonly string[]; readonly endUs: Micros; readonly stampUs: Micros },
  ) {
    this.timeframe = timeframe
    this.#of = of
    const column = () => new Float64Array(of.symbols.length)
    this.#open = column()
    this.#high = column()
    this.#low = column()
    this.#close = column()
  }

  /** Adds a price of each symbol. Returns the candles of the last bucket when a new one begins. */
  add(timeUs: Micros, prices: Float64Array): Candle[] {
    const startUs = bucketStart(this.timeframe, timeUs)
    if (startUs === this.#startUs) {
      for (let i = 0; i < prices.length; i++) {
        const price = prices[i]!
        if (price > this.#high[i]!) this.#high[i] = price
        if (price < this.#low[i]!) this.#low[i] = price
      }
      this.#close.set(prices)
      this.#volume++
      return []
    }
    const done = this.end()
    for (const column of [this.#open, this.#high, this.#low, this.#close]) column.set(prices)
    this.#volume = 1
    this.#startUs = startUs
    return done
  }

  /** The candles of the newest bucket; none before the first price. */
  end(): Candle[] {
    if (Number.isNaN(this.#startUs)) return []
    const { symbols, endUs, stampUs } = this.#of
    const closed = bucketEnd(this.timeframe, this.#startUs) <= endUs
    return symbols.map((symbol, i) => ({
      source: FAKE_SOURCE,
      symbol,
      timeframe: this.timeframe.name,
      dateTimeUs: this.#startUs,
      open: this.#open[i]!,
      high: this.#high[i]!,
      low: this.#low[i]!,
      close: this.#close[i]!,
      volume: this.#volume,
      closed,
      revision: 1,
      updatedAtUs: stampUs - 1,
    }))
  }
}
