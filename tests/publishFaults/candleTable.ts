import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { monthOf } from '../../lib/rollup/storedCandles.ts'
import type { Services } from '../../lib/services.ts'
import { candlesState, candlesSummary } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import type { Random } from '../faults/random.ts'

const START_US = Date.parse('2026-02-27T00:00:00Z') * 1000
const MINUTE_US = 60_000_000
const SYMBOLS = ['EURUSD', 'GBPUSD', `O'NEIL|"😀`, 'é', 'BTCUSD']
/** Revisions fall on the newest candles, as ticks do. */
const LIVELY = 3_000
const SMALL_FILE_ROWS = 5_000
const MAX_FILE_ROWS = 50_000
const KEEP_SNAPSHOTS = 50

interface Rewrite {
  readonly remove: readonly LiveFile[]
  readonly rows: readonly Candle[]
  readonly stampUs: number
}

/** The candles table in the hands of a rollup that makes its candles up; nobody else may write it. */
export class CandleTable {
  readonly #services: Pick<Services, 'catalog' | 'store' | 'nowMs'>
  readonly #random: Random
  readonly #rowsOf = new Map<string, readonly Candle[]>()
  #made = 0
  #lively: Candle[] = []

  constructor(services: Pick<Services, 'catalog' | 'store' | 'nowMs'>, random: Random) {
    this.#services = services
    this.#random = random
  }

  /** How many candles the table has. */
  get size(): number {
    return this.#made
  }

  /** New candles, and new revisions of some that are there, in one commit with a stamp of its own. */
  async commit(newCandles: number, revisions: number): Promise<void> {
    const stampUs = Math.max(this.#services.nowMs() * 1000, (await this.#state()).stampUs + 1)
    const revised = new Map(this.#revise(revisions, stampUs).map(candle => [candle.open, candle]))
    const remove = (await this.#files()).filter(file => this.#rows(file).some(row => revised.has(row.open)))
    const kept = remove.flatMap(file => this.#rows(file).filter(row => !revised.has(row.open)))
    const fresh = Array.from({ length: newCandles }, () => this.#invent(stampUs))
    await this.#rewrite({ remove, rows: [...kept, ...revised.values(), ...fresh], stampUs })
    const still = this.#lively.filter(candle => !revised.has(candle.open))
    this.#lively = [...still, ...revised.values(), ...fresh].slice(-LIVELY)
  }

  /** As compaction does it: small files of a partition become one, no row changes, and no stamp is given out. */
  async compact(): Promise<void> {
    const remove = (await this.#files()).filter(file => file.recordCount < SMALL_FILE_ROWS)
    const { stampUs } = await this.#state()
    await this.#rewrite({ remove, rows: remove.flatMap(file => this.#rows(file)), stampUs })
  }

  #invent(updatedAtUs: number): Candle {
    const n = this.#made++
    const symbol = SYMBOLS[n % SYMBOLS.length]!
    const { name: timeframe } = TIMEFRAMES[Math.floor(n / SYMBOLS.length) % TIMEFRAMES.length]!
    const dateTimeUs = START_US + Math.floor(n / SYMBOLS.length / TIMEFRAMES.length) * MINUTE_US
    // `open` never changes, and tells the candles apart.
    const values = { open: n, high: n, low: n, close: n, volume: 1, closed: false }
    return { source: 'FAULTS', symbol, timeframe, dateTimeUs, ...values, revision: 1, updatedAtUs }
  }

  #revise(count: number, updatedAtUs: number): Candle[] {
    return this.#random
      .shuffled(this.#lively)
      .slice(0, count)
      .map(old => ({
        ...old,
        close: this.#random.next(),
        volume: old.volume + 1,
        closed: old.closed || this.#random.next() < 0.3,
        revision: old.revision + 1,
        updatedAtUs,
      }))
  }

  async #rewrite({ remove, rows, stampUs }: Rewrite): Promise<void> {
    const { catalog, store, nowMs } = this.#services
    const table = await catalog.loadTable(CANDLES_TABLE)
    const lists = [...Map.groupBy(rows, row => `${row.timeframe}/${monthOf(row.dateTimeUs)}`).values()]
    const add = await Promise.all(
      lists.flatMap(cut).map(async list => {
        const file = await writeDataFile(store, table, candleColumns(list), list.length)
        this.#rowsOf.set(file.path, list)
        return file
      }),
    )
    const summary = candlesSummary({ ...candlesState(table), stampUs })
    const change = { add, remove, summary, nowMs: nowMs() }
    await commitSnapshot(
      catalog,
      table,
      await stageSnapshot(store, table, change, { keepSnapshots: KEEP_SNAPSHOTS }),
    )
    for (const { path } of remove) this.#rowsOf.delete(path)
  }

  #rows(file: LiveFile): readonly Candle[] {
    return this.#rowsOf.get(file.path)!
  }

  async #files(): Promise<LiveFile[]> {
    const { catalog, store } = this.#services
    return planFiles(store, await catalog.loadTable(CANDLES_TABLE))
  }

  async #state() {
    return candlesState(await this.#services.catalog.loadTable(CANDLES_TABLE))
  }
}

function cut(rows: readonly Candle[]): Candle[][] {
  const count = Math.ceil(rows.length / MAX_FILE_ROWS)
  return Array.from({ length: count }, (_, i) => rows.slice(i * MAX_FILE_ROWS, (i + 1) * MAX_FILE_ROWS))
}
