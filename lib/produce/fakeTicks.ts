import { en, Faker } from '@faker-js/faker'
import { formatDateTime, type Micros } from '../market/time.ts'
import { type Walk, walkPrice } from '../market/walk.ts'
import type { OutgoingRecord } from '../ports.ts'

/** Something that is traded, as long as the seed is the same. */
export interface Instrument extends Walk {
  readonly index: number
  readonly symbol: string
  readonly decimals: number
}

/** Well-known symbols, with plausible prices. */
const KNOWN = [
  { symbol: 'AAPL', basePrice: 230, decimals: 2, volatility: 0.3 },
  { symbol: 'BTC/USDT', basePrice: 96_000, decimals: 2, volatility: 0.6 },
  { symbol: 'EUR/USD', basePrice: 1.09, decimals: 5, volatility: 0.08 },
  { symbol: 'ETH/USDT', basePrice: 3_400, decimals: 2, volatility: 0.7 },
  { symbol: 'NVDA', basePrice: 140, decimals: 2, volatility: 0.5 },
  { symbol: 'XAU/USD', basePrice: 2_650, decimals: 2, volatility: 0.15 },
] as const

/** The first `count` instruments of a seed, well-known symbols first. A larger count adds to the same ones. */
export function fakeInstruments(seed: number, count: number): Instrument[] {
  const faker = new Faker({ locale: [en], seed })
  const walkSeed = () => faker.number.int({ max: 2 ** 32 - 1 })
  const instruments: Instrument[] = KNOWN.slice(0, count).map((known, index) => {
    return { ...known, index, seed: walkSeed() }
  })
  const symbols = new Set<string>()
  while (instruments.length < count) {
    const letters = faker.string.alpha({ length: { min: 3, max: 4 }, casing: 'upper' })
    const symbol = `${letters}USD`
    const exponent = faker.number.float({ min: -1, max: 4.5 })
    const seed = walkSeed()
    if (symbols.has(symbol)) continue
    symbols.add(symbol)
    const basePrice = 10 ** exponent
    const decimals = Math.max(2, 5 - Math.ceil(exponent))
    const index = instruments.length
    instruments.push({ index, symbol, seed, basePrice, decimals, volatility: VOLATILITY })
  }
  return instruments
}

/** The volatility of instruments with made-up symbols. */
const VOLATILITY = 0.4

/** Nobody should take these for quotes. */
export const FAKE_SOURCE = 'FAKER'

/** How long after its `dateTime` a fake tick is received: 0.3–0.4 s, as the real feed has it. */
export function receiveDelayMs({ index }: Instrument): number {
  return 300 + ((index * 37) % 100)
}

/** The tick of an instrument at a moment (microseconds): the same for the same arguments, always. */
export function fakeTick(instrument: Instrument, timeUs: Micros): Record<string, unknown> {
  const { symbol, decimals } = instrument
  const price = walkPrice(instrument, timeUs / 1000)
  const halfSpread = Math.max(10 ** -decimals, price * 0.0001)
  const bid = Number((price - halfSpread).toFixed(decimals))
  const ask = Number((price + halfSpread).toFixed(decimals))
  return {
    source: FAKE_SOURCE,
    symbol,
    ask,
    bid,
    mid: Number(((ask + bid) / 2).toFixed(decimals + 1)),
    askMarkup: 0,
    bidMarkup: 0,
    isTradable: true,
    number: timeUs,
    dateTime: zoneless(timeUs),
    receiveDateTime: zoneless(timeUs + receiveDelayMs(instrument) * 1000),
  }
}

/** As a Kafka record: ticks of one symbol stay in order. */
export function fakeRecord(topic: string, instrument: Instrument, timeUs: Micros): OutgoingRecord {
  return {
    topic,
    key: `${FAKE_SOURCE}|${instrument.symbol}`,
    value: JSON.stringify(fakeTick(instrument, timeUs)),
  }
}

/** Milliseconds where they suffice, no zone: the form in which the real feed writes times. */
function zoneless(timeUs: Micros): string {
  return formatDateTime(timeUs).slice(0, timeUs % 1000 === 0 ? 23 : 26)
}
