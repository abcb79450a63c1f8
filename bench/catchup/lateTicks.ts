import { en, Faker } from '@faker-js/faker'
import { DAY_US, HOUR_US, MINUTE_US, type Micros } from '../../lib/market/time.ts'
import type { OutgoingRecord } from '../../lib/ports.ts'
import { FAKE_SOURCE, fakeInstruments, fakeTick, type Instrument } from '../../lib/produce/fakeTicks.ts'
import { SEED } from '../history/spec.ts'
import { SYMBOLS } from '../latency/feed.ts'

/** A good tick of some earlier moment. */
export interface LateTick {
  readonly source: string
  readonly instrument: Instrument
  readonly timeUs: Micros
}

/** As late and historic ticks were scattered where the rollup once stood still: most of the last days, some far older. */
const SYMBOLS_SCATTERED = 14
const SOURCES = [FAKE_SOURCE, 'REPLAY'] as const
const RECENT_SHARE = 0.97
const RECENT_US = 100 * HOUR_US
/** The oldest late tick. */
export const OLDEST_US = 40 * DAY_US
/** The newest one: minutes whose delay is measured have no ticks but the live ones. */
const NEWEST_US = 10 * MINUTE_US

/** As many ticks as wanted: 97 % of the last 100 hours, 3 % of 40 days, of 14 symbols and 2 sources; the same ones every time. */
export function* scatteredTicks(count: number, nowUs: Micros): Generator<LateTick> {
  const faker = new Faker({ locale: [en], seed: SEED })
  const instruments = fakeInstruments(SEED, SYMBOLS_SCATTERED)
  for (let i = 0; i < count; i++) {
    const reachUs = faker.number.float() < RECENT_SHARE ? RECENT_US : OLDEST_US
    yield {
      source: faker.helpers.arrayElement(SOURCES),
      instrument: faker.helpers.arrayElement(instruments),
      timeUs: nowUs - faker.number.int({ min: NEWEST_US, max: reachUs }),
    }
  }
}

/** Which live symbol's tick is late, and by how much: 10 minutes to 40 days, evenly; endless. */
export function* lateBy(): Generator<{ readonly instrument: Instrument; readonly lateUs: number }> {
  const faker = new Faker({ locale: [en], seed: SEED })
  const instruments = fakeInstruments(SEED, SYMBOLS)
  for (;;) {
    yield {
      instrument: faker.helpers.arrayElement(instruments),
      lateUs: faker.number.int({ min: NEWEST_US, max: OLDEST_US }),
    }
  }
}

/** As a Kafka record: its key is of its source and symbol. */
export function lateRecord(topic: string, { source, instrument, timeUs }: LateTick): OutgoingRecord {
  return {
    topic,
    key: `${source}|${instrument.symbol}`,
    value: JSON.stringify({ ...fakeTick(instrument, timeUs), source }),
  }
}

/** Which history is sent. */
export interface HistoryStretch {
  readonly ticks: number
  readonly fromUs: Micros
  readonly toUs: Micros
  /** Of the topic: behind history in its own partition a live tick would have to wait, whatever the rollup does. */
  readonly partitions: readonly number[]
}

/** Ticks of all live symbols over a stretch, in the order of time, each symbol's in one of the partitions. */
export function* historyRecords(
  topic: string,
  { ticks, fromUs, toUs, partitions }: HistoryStretch,
): Generator<OutgoingRecord> {
  const instruments = fakeInstruments(SEED, SYMBOLS)
  const stepUs = ((toUs - fromUs) * SYMBOLS) / ticks
  for (let i = 0; i < ticks; i++) {
    const instrument = instruments[i % SYMBOLS]!
    const timeUs = fromUs + Math.floor(Math.floor(i / SYMBOLS) * stepUs)
    const partition = partitions[instrument.index % partitions.length]!
    yield { ...lateRecord(topic, { source: FAKE_SOURCE, instrument, timeUs }), partition }
  }
}
