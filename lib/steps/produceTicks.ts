import { setTimeout } from 'node:timers/promises'
import { formatDateTime, type Micros, SECOND_US } from '../market/time.ts'
import type { OutgoingRecord } from '../ports.ts'
import type { Burst, History, Paced, ProduceRequest } from '../requests/produceRequest.ts'
import { fakeInstruments, fakeRecord, type Instrument, receiveDelayMs } from './fakeTicks.ts'
import type { Services } from './services.ts'

export type ProduceServices = Pick<Services, 'topicWriter' | 'settings' | 'log' | 'nowMs'>

export interface ProduceResult {
  readonly sent: number
  /** Where a stretch of history goes on when time ran out: the same event with this `from`. */
  readonly next?: string
}

const BATCH = 2_000

/** Makes ticks and sends them to the ticks topic: as many, and of such times, as the request says. */
export async function produceTicks(
  services: ProduceServices,
  request: ProduceRequest,
  remainingMs: () => number,
): Promise<ProduceResult> {
  switch (request.kind) {
    case 'burst':
      return produceBurst(services, request)
    case 'history':
      return produceHistory(services, request, remainingMs)
    case 'paced':
      return producePaced(services, request)
  }
}

async function produceBurst(
  services: ProduceServices,
  { seed, symbols, ticks }: Burst,
): Promise<ProduceResult> {
  const instruments = fakeInstruments(seed, symbols)
  await sendAll(services, seed, burstTicks(instruments, ticks, services.nowMs() * 1000))
  return { sent: ticks }
}

/** Spread over the second that ends now. */
function* burstTicks(
  instruments: readonly Instrument[],
  ticks: number,
  endUs: Micros,
): Generator<readonly [Instrument, Micros]> {
  const rounds = Math.ceil(ticks / instruments.length)
  const stepUs = Math.max(1, Math.floor(SECOND_US / rounds))
  for (let i = 0; i < ticks; i++) {
    const round = Math.floor(i / instruments.length)
    yield [instruments[i % instruments.length]!, endUs - (rounds - round) * stepUs]
  }
}

async function produceHistory(
  services: ProduceServices,
  { seed, symbols, from, to, everySeconds }: History,
  remainingMs: () => number,
): Promise<ProduceResult> {
  const instruments = fakeInstruments(seed, symbols)
  const stepUs = Math.round(everySeconds * SECOND_US)
  const pieceUs = Math.max(1, Math.floor(HISTORY_PIECE / symbols)) * stepUs
  let sent = 0
  for (let startUs = from; startUs < to; startUs += pieceUs) {
    if (remainingMs() < STOP_EARLY_MS) return { sent, next: formatDateTime(startUs) }
    const endUs = Math.min(to, startUs + pieceUs)
    await sendAll(services, seed, historyTicks(instruments, startUs, endUs, stepUs))
    sent += Math.ceil((endUs - startUs) / stepUs) * symbols
    services.log.info('history', { sent, upTo: formatDateTime(endUs) })
  }
  return { sent }
}

function* historyTicks(
  instruments: readonly Instrument[],
  fromUs: Micros,
  toUs: Micros,
  stepUs: number,
): Generator<readonly [Instrument, Micros]> {
  for (let timeUs = fromUs; timeUs < toUs; timeUs += stepUs) {
    for (const instrument of instruments) yield [instrument, timeUs]
  }
}

/** Ticks between two looks at the time that is left. */
const HISTORY_PIECE = 20_000
const STOP_EARLY_MS = 2_000

/** A schedule fires a little after its minute: a call so soon after it means that minute. */
const SCHEDULE_JITTER_MS = 5_000

async function producePaced(
  services: ProduceServices,
  { seed, symbols, seconds, perSecond }: Paced,
): Promise<ProduceResult> {
  const { topicWriter, settings, nowMs } = services
  const instruments = fakeInstruments(seed, symbols)
  const intoMinuteMs = nowMs() % 60_000
  const startMs = nowMs() - (intoMinuteMs < SCHEDULE_JITTER_MS ? intoMinuteMs : nowMs() % 1000)
  const stepUs = Math.floor(SECOND_US / perSecond)
  let sent = 0
  for (let i = 0; i < seconds * perSecond; i++) {
    const timeUs = startMs * 1000 + i * stepUs
    const dueMs = timeUs / 1000 + receiveDelayMs(instruments[0]!)
    if (dueMs > nowMs()) await setTimeout(dueMs - nowMs())
    await topicWriter.send(instruments.map(it => fakeRecord(settings.ticksTopic, seed, it, timeUs)))
    sent += symbols
  }
  return { sent }
}

async function sendAll(
  { topicWriter, settings }: ProduceServices,
  seed: number,
  ticks: Iterable<readonly [Instrument, number]>,
): Promise<void> {
  let batch: OutgoingRecord[] = []
  for (const [instrument, timeUs] of ticks) {
    batch.push(fakeRecord(settings.ticksTopic, seed, instrument, timeUs))
    if (batch.length === BATCH) {
      await topicWriter.send(batch)
      batch = []
    }
  }
  await topicWriter.send(batch)
}
