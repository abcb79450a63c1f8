import type { Table } from '../../lib/iceberg/table.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { bucketEnd, timeframeOf } from '../../lib/market/timeframe.ts'
import { fakeInstruments, type Instrument, receiveDelayMs } from '../../lib/produce/fakeTicks.ts'
import type { Services } from '../../lib/services.ts'
import { candlesState, candlesSummary } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { loadTable } from '../../lib/tables/layout.ts'
import { candlesRetention, ticksRetention } from '../../lib/tables/retention.ts'
import { NO_TICKS, TICKS_TABLE, ticksSummary } from '../../lib/tables/ticksTable.ts'
import { CandleFiles } from './candleFiles.ts'
import { CandleFold } from './candleFold.ts'
import { Logs } from './logs.ts'
import { type HistorySpec, SEED } from './spec.ts'
import { lastMidnight, type Stretch, ticksIn } from './stretches.ts'
import { TableWriter } from './tableWriter.ts'
import { makeTicks } from './ticks.ts'

type Needs = Pick<Services, 'catalog' | 'store' | 'settings'>

/** Writes a history into both tables, stretch by stretch. */
export class HistoryWriter {
  /** How many were written. */
  ticks = 0
  readonly #services: Needs
  readonly #spec: HistorySpec
  readonly #instruments: readonly Instrument[]
  readonly #logs: Logs
  readonly #ticks: TableWriter
  readonly #candles: TableWriter
  readonly #files: CandleFiles
  readonly #fold: CandleFold
  readonly #stampUs = Date.now() * 1000

  static async open(services: Needs, spec: HistorySpec): Promise<HistoryWriter> {
    const { catalog } = services
    return new HistoryWriter(
      services,
      spec,
      await loadTable(catalog, TICKS_TABLE),
      await loadTable(catalog, CANDLES_TABLE),
    )
  }

  private constructor(services: Needs, spec: HistorySpec, ticks: Table, candles: Table) {
    this.#services = services
    this.#spec = spec
    this.#instruments = fakeInstruments(SEED, spec.symbols).sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
    this.#logs = new Logs(this.#instruments)
    this.#ticks = new TableWriter(services, ticks, ticksRetention(services.settings))
    this.#candles = new TableWriter(services, candles, candlesRetention(services.settings))
    this.#files = new CandleFiles(services.store, candles)
    this.#fold = new CandleFold(spec.endUs, candles => {
      this.#files.add(candles.map(candle => ({ ...candle, updatedAtUs: this.#stampOf(candle) })))
    })
  }

  /** One file of ticks in one commit, and what files of candles are full by then in another. */
  async write(stretch: Stretch): Promise<void> {
    const { store } = this.#services
    const made = makeTicks(stretch, this.#instruments, this.#logs)
    const each = ticksIn(stretch)
    const lastUs = stretch.fromUs + (each - 1) * stretch.everyUs
    this.#logs.advance(each, lastUs / 1000 + receiveDelayMs(this.#instruments[0]!))
    this.ticks += made.rows
    const file = await writeDataFile(store, this.#ticks.table, made.columns, made.rows)
    await this.#ticks.commit([file], this.#ticksSummary())
    if (!this.#spec.candles) return
    for (const { symbol, from, to } of made.runs) this.#fold.add(symbol, made, from, to)
    const files = await this.#files.writeUntil(stretch.toUs)
    if (files.length > 0) await this.#candles.commit(files, this.#candlesSummary())
  }

  /** Writes the candles that are left; gives their table. */
  async end(): Promise<Table> {
    this.#fold.end()
    await this.#candles.commit(await this.#files.end(), this.#candlesSummary())
    await this.#ticks.lengthenList(this.#ticksSummary())
    await this.#candles.lengthenList(this.#candlesSummary())
    return this.#candles.table
  }

  #stampOf({ timeframe, dateTimeUs }: Candle): number {
    const isOfLastDay = bucketEnd(timeframeOf(timeframe), dateTimeUs) > lastMidnight(this.#spec)
    return isOfLastDay ? this.#stampUs : this.#stampUs - 1
  }

  #ticksSummary() {
    return ticksSummary({ vector: this.#logs.vector, totals: { ...NO_TICKS, ticks: this.ticks } })
  }

  #candlesSummary() {
    return candlesSummary({
      ...candlesState(this.#candles.table),
      vector: this.#logs.vector,
      ticksSequence: this.#ticks.table.metadata.lastSequenceNumber,
      closedUntilUs: this.#spec.endUs,
      stampUs: this.#stampUs,
      pending: [],
    })
  }
}
