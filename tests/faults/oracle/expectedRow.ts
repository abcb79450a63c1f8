/** A row of the ticks table in a form that can be compared: exact numbers and times as text. */
export type Row = Readonly<Record<string, string | number | boolean | null>>

/** A record on the ticks topic, and what its sender said it must become. */
export interface LoggedRecord {
  readonly epoch: number
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly expect: 'tick' | string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

const COLUMN_FIELDS = new Set([
  ...['source', 'symbol', 'ask', 'bid', 'mid', 'askMarkup', 'bidMarkup', 'isTradable', 'number'],
  ...['dateTime', 'receiveDateTime'],
])

/** The row that a good record must have become: the oracle's own reading of the JSON. */
export function expectedRow({ epoch, partition, offset, timestampMs, value }: LoggedRecord): Row {
  const text = String(value)
  const tick = JSON.parse(text)
  const extra = Object.entries(tick).filter(([name]) => !COLUMN_FIELDS.has(name))
  return {
    source: tick.source,
    symbol: tick.symbol,
    ask: tick.ask,
    bid: tick.bid,
    mid: tick.mid,
    ask_markup: tick.askMarkup ?? null,
    bid_markup: tick.bidMarkup ?? null,
    is_tradable: tick.isTradable ?? null,
    number: /"number":(-?\d+)/.exec(text)![1]!,
    date_time: timeText(tick.dateTime),
    receive_date_time: tick.receiveDateTime === undefined ? null : timeText(tick.receiveDateTime),
    extra: extra.length === 0 ? null : JSON.stringify(Object.fromEntries(extra)),
    kafka_epoch: epoch,
    kafka_partition: partition,
    kafka_offset: offset,
    kafka_timestamp: timeText(new Date(timestampMs).toISOString()),
  }
}

/** True when the tick came to Kafka after its minute had ended and half a second more had passed. */
export function isExpectedLate({ timestampMs, value }: LoggedRecord): boolean {
  const atMs = millisecondsOf(JSON.parse(String(value)).dateTime)
  return timestampMs >= Math.floor(atMs / 60_000) * 60_000 + 60_500
}

/** A time as Trino writes a `timestamp(6) with time zone`, in UTC. */
function timeText(dateTime: string): string {
  const micros = /\.(\d+)/.exec(dateTime)?.[1]?.padEnd(6, '0') ?? '000000'
  const seconds = new Date(millisecondsOf(dateTime)).toISOString().slice(0, 19)
  return `${seconds.replace('T', ' ')}.${micros} UTC`
}

function millisecondsOf(dateTime: string): number {
  const { local, zone = 'Z' } = /^(?<local>.{19}(?:\.\d+)?)(?<zone>Z|[+-]\d\d:\d\d)?$/.exec(dateTime)!.groups!
  return Date.parse(`${local!.slice(0, 23)}${zone}`)
}
