import { setTimeout as sleep } from 'node:timers/promises'
import { formatDateTime, type Micros, SECOND_US } from '../market/time.ts'
import type { OutgoingRecord } from '../ports.ts'
import type { Burst, History, Paced, ProduceRequest } from '../requests/produceRequest.ts'
import type { Services } from '../services.ts'
import { fakeInstruments, fakeRecord, type Instrument, receiveDelayMs } from './fakeTicks.ts'

export type ProduceServices = Pick<Services, 'topicWriter' | 'settings' | 'log' | 'nowMs'>

export interface ProduceResult {
  readonly sent: number
  /** Where a stretch of history goes on when time ran out: the same event with this `from`. */
  readonly next?: string
}

/** Records in one request. */
const BATCH = 2_000
/** Ticks of history between two looks at the time that is left. */
const HISTORY_PIECE = 20_000
const STOP_EARLY_MS = 2_000
const SCHEDULE_JITTER_MS = 5_000

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
      return producePaced(services, request, remainingMs)
  }
}

async function produceBurst(
  services: ProduceServices,
  { seed, symbols, ticks }: Burst,
): Promise<ProduceResult> {
  const instruments = fakeInstruments(seed, symbols)
  return { sent: await sendAll(services, burstTicks(instruments, ticks, services.nowMs() * 1000)) }
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
    sent += await sendAll(services, historyTicks(instruments, startUs, endUs, stepUs))
    services.log.debug('history', { sent, upTo: formatDateTime(endUs) })
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

async function producePaced(
  { topicWriter, settings, nowMs }: ProduceServices,
  { seed, symbols, seconds, perSecond }: Paced,
  remainingMs: () => number,
): Promise<ProduceResult> {
  const instruments = fakeInstruments(seed, symbols)
  const startMs = paceStart(nowMs())
  const stepUs = Math.floor(SECOND_US / perSecond)
  let sent = 0
  for (let i = 0; i < seconds * perSecond && remainingMs() > STOP_EARLY_MS; i++) {
    const timeUs = startMs * 1000 + i * stepUs
    const dueMs = timeUs / 1000 + receiveDelayMs(instruments[0]!)
    await sleep(Math.max(0, dueMs - nowMs()))
    await topicWriter.send(instruments.map(it => fakeRecord(settings.ticksTopic, it, timeUs)))
    sent += symbols
  }
  return { sent }
}

/** The running second; or the minute, when it has just begun: a schedule fires a little after its minute and means all of it. */
function paceStart(nowMs: number): number {
  const intoMinuteMs = nowMs % 60_000
  return nowMs - (intoMinuteMs < SCHEDULE_JITTER_MS ? intoMinuteMs : nowMs % 1000)
}

/** Sends in batches; gives how many were sent. */
async function sendAll(
  { topicWriter, settings }: ProduceServices,
  ticks: Iterable<readonly [Instrument, Micros]>,
): Promise<number> {
  let batch: OutgoingRecord[] = []
  let sent = 0
  for (const [instrument, timeUs] of ticks) {
    batch.push(fakeRecord(settings.ticksTopic, instrument, timeUs))
    if (batch.length === BATCH) {
      await topicWriter.send(batch)
      sent += batch.length
      batch = []
    }
  }
  await topicWriter.send(batch)
  return sent + batch.length
}
