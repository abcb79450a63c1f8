import type { Columns } from '../../lib/iceberg/schema.ts'
import { floorTo, HOUR_US } from '../../lib/market/time.ts'
import { walkPrice } from '../../lib/market/walk.ts'
import { FAKE_SOURCE, type Instrument, receiveDelayMs } from '../../lib/produce/fakeTicks.ts'
import type { Logs } from './logs.ts'
import { type Stretch, ticksIn } from './stretches.ts'

/** The ticks of a stretch as columns, in the order in which `maintain` leaves a file: by hour, then symbol, then time. */
export interface TickColumns {
  readonly rows: number
  readonly columns: Columns
  readonly mid: Float64Array
  readonly dateTimeUs: Float64Array
  /** All rows, as they lie. */
  readonly runs: readonly Run[]
}

/** Rows of one symbol and hour: from one to another, which is not among them. */
export interface Run {
  readonly symbol: string
  readonly from: number
  readonly to: number
}

/** `instruments` are sorted by symbol. */
export function makeTicks(stretch: Stretch, instruments: readonly Instrument[], logs: Logs): TickColumns {
  const rows = ticksIn(stretch) * instruments.length
  const doubles = () => new Float64Array(rows)
  const [ask, bid, mid, dateTimeUs, receivedUs] = [doubles(), doubles(), doubles(), doubles(), doubles()]
  const [partitions, offsets, zeros] = [doubles(), doubles(), doubles()]
  const symbols: string[] = new Array(rows)
  const runs: Run[] = []
  let row = 0
  for (const { first, end } of hoursOf(stretch)) {
    for (const instrument of instruments) {
      const lane = logs.laneOf(instrument)
      const delayUs = receiveDelayMs(instrument) * 1000
      const scale = 10 ** instrument.decimals
      runs.push({ symbol: instrument.symbol, from: row, to: row + end - first })
      for (let i = first; i < end; i++, row++) {
        const timeUs = stretch.fromUs + i * stretch.everyUs
        const price = walkPrice(instrument, timeUs / 1000)
        const halfSpread = Math.max(1 / scale, price * 0.0001)
        symbols[row] = instrument.symbol
        bid[row] = Math.round((price - halfSpread) * scale) / scale
        ask[row] = Math.round((price + halfSpread) * scale) / scale
        mid[row] = Math.round((ask[row]! + bid[row]!) * 5 * scale) / (10 * scale)
        dateTimeUs[row] = timeUs
        receivedUs[row] = timeUs + delayUs
        partitions[row] = lane.partition
        offsets[row] = lane.first + i * lane.step
      }
    }
  }
  const columns = {
    source: new Array<string>(rows).fill(FAKE_SOURCE),
    symbol: symbols,
    ask,
    bid,
    mid,
    ask_markup: zeros,
    bid_markup: zeros,
    is_tradable: new Array<boolean>(rows).fill(true),
    number: dateTimeUs,
    date_time: dateTimeUs,
    receive_date_time: receivedUs,
    extra: new Array<null>(rows).fill(null),
    kafka_epoch: zeros,
    kafka_partition: partitions,
    kafka_offset: offsets,
    kafka_timestamp: receivedUs,
  }
  return { rows, columns, mid, dateTimeUs, runs }
}

/** Which of a symbol's ticks lie in each hour of the stretch: from the first one to the end, which is not among them. */
function* hoursOf(stretch: Stretch): Generator<{ readonly first: number; readonly end: number }> {
  const { fromUs, toUs, everyUs } = stretch
  const ticksBefore = (timeUs: number) => Math.ceil((Math.min(timeUs, toUs) - fromUs) / everyUs)
  for (let hourUs = floorTo(fromUs, HOUR_US); hourUs < toUs; hourUs += HOUR_US) {
    const first = Math.max(0, ticksBefore(hourUs))
    const end = ticksBefore(hourUs + HOUR_US)
    if (first < end) yield { first, end }
  }
}
