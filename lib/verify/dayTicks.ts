import type { FileOfRows } from '../iceberg/deletes/deletedRows.ts'
import { readRows } from '../iceberg/readRows.ts'
import type { ObjectStore } from '../ports.ts'
import type { Price } from '../tables/candlesTable.ts'
import type { OffsetStretch } from '../tables/offsetVector.ts'
import { TICKS_SCHEMA } from '../tables/ticksTable.ts'
import { DAY_US } from './calendar.ts'
import { MinuteFold } from './fold.ts'
import { isInShare, type Share } from './share.ts'

/** One symbol's minutes of one day. */
export interface SymbolMinutes {
  readonly source: string
  readonly symbol: string
  readonly fold: MinuteFold
}

/** The ticks of one day, folded to minutes by symbol. Ticks with the offsets of `later` are left out. */
export class DayTicks {
  /** By source, then symbol. */
  readonly #symbols = new Map<string, Map<string, SymbolMinutes | undefined>>()
  readonly #offsets = new Map<string, number[]>()
  readonly #day: number
  readonly #share: Share
  readonly #later: readonly OffsetStretch[]
  count = 0

  constructor(day: number, share: Share, later: readonly OffsetStretch[]) {
    this.#day = day
    this.#share = share
    this.#later = later
  }

  /** Adds the day's ticks of one data file. */
  async read(store: ObjectStore, file: FileOfRows, price: Price): Promise<void> {
    const columns = await readRows(store, file, TICKS_SCHEMA, [
      'source',
      'symbol',
      price,
      'number',
      'date_time',
      'kafka_epoch',
      'kafka_partition',
      'kafka_offset',
    ])
    const texts = (name: string) => columns[name] as string[]
    const numbers = (name: string) => columns[name] as number[]
    const longs = (name: string) => columns[name] as bigint[]
    const [source, symbol, prices] = [texts('source'), texts('symbol'), numbers(price)]
    const [number, dateTimeUs, offsets] = [longs('number'), numbers('date_time'), longs('kafka_offset')]
    const [epochs, partitions] = [numbers('kafka_epoch'), numbers('kafka_partition')]
    for (let i = 0; i < source.length; i++) {
      const [epoch, partition, offset] = [epochs[i]!, partitions[i]!, Number(offsets[i]!)]
      if (Math.floor(dateTimeUs[i]! / DAY_US) !== this.#day) continue
      if (this.#isLater(epoch, partition, offset)) continue
      // What another engine has made of it is no price.
      if (!Number.isFinite(prices[i])) continue
      const minutes = this.#minutesOf(source[i]!, symbol[i]!)
      if (minutes === undefined) continue
      const place = { dateTimeUs: dateTimeUs[i]!, number: number[i]!, epoch, partition, offset }
      minutes.fold.add(place, prices[i]!)
      this.#remember(epoch, partition, offset)
      this.count += 1
    }
  }

  symbols(): SymbolMinutes[] {
    const all = [...this.#symbols.values()].flatMap(ofSource => [...ofSource.values()])
    return all.filter(minutes => minutes !== undefined)
  }

  /** Kafka places that more than one tick claims: two of one place have one time, and so one day. */
  *doubles(): Generator<string> {
    for (const [log, offsets] of this.#offsets) {
      const sorted = Float64Array.from(offsets).sort()
      for (let i = 1; i < sorted.length; i++) {
        if (sorted[i] === sorted[i - 1]) yield `${log}, offset ${sorted[i]}`
      }
    }
  }

  #isLater(epoch: number, partition: number, offset: number): boolean {
    return this.#later.some(
      each => each.epoch === epoch && each.partition === partition && each.from <= offset && offset < each.to,
    )
  }

  /** Undefined for a symbol of another share. */
  #minutesOf(source: string, symbol: string): SymbolMinutes | undefined {
    let ofSource = this.#symbols.get(source)
    if (ofSource === undefined) {
      ofSource = new Map()
      this.#symbols.set(source, ofSource)
    }
    if (!ofSource.has(symbol)) {
      const isOurs = isInShare(this.#share, source, symbol)
      ofSource.set(symbol, isOurs ? { source, symbol, fold: new MinuteFold() } : undefined)
    }
    return ofSource.get(symbol)
  }

  #remember(epoch: number, partition: number, offset: number): void {
    const log = `epoch ${epoch}, partition ${partition}`
    const offsets = this.#offsets.get(log)
    if (offsets === undefined) this.#offsets.set(log, [offset])
    else offsets.push(offset)
  }
}
