import { setTimeout as sleep } from 'node:timers/promises'
import { formatDateTime, type Micros, SECOND_US } from '../market/time.ts'
import type { OutgoingRecord } from '../ports.ts'
import type { Burst, History, Paced, ProduceRequest } from '../requests/produceRequest.ts'
import type { Services } from '../services.ts'
import { fakeInstruments, fakeRecord, type Instrument, receiveDelayMs } from './fakeTicks.ts'
import { unevenTimes } from './tickTimes.ts'

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
function* burstTicks(instruments: readonly Instrument[], ticks: number, endUs: Micros): Generator<TickAt> {
  const rounds = Math.ceil(ticks / instruments.length)
  const stepUs = Math.max(1, Math.floor(SECOND_US / rounds))
  for (let i = 0; i < ticks; i++) {
    const round = Math.floor(i / instruments.length)
    yield [instruments[i % instruments.length]!, endUs - (rounds - round) * stepUs]
  }
}

async function produceHistory(
  services: ProduceServices,
  { seed, symbols, from, to, everySeconds, even }: History,
  remainingMs: () => number,
): Promise<ProduceResult> {
  const instruments = fakeInstruments(seed, symbols)
  const stepUs = Math.round(everySeconds * SECOND_US)
  const pieceUs = Math.max(1, Math.floor(HISTORY_PIECE / symbols)) * stepUs
  let sent = 0
  for (let startUs = from; startUs < to; startUs += pieceUs) {
    if (remainingMs() < STOP_EARLY_MS) return { sent, next: formatDateTime(startUs) }
    const endUs = Math.min(to, startUs + pieceUs)
    const steps = { fromUs: startUs, toUs: endUs, stepUs }
    sent += await sendAll(services, even ? evenTicks(instruments, steps) : unevenTicks(instruments, steps, 0))
    services.log.debug('history', { sent, upTo: formatDateTime(endUs) })
  }
  return { sent }
}

/** A stretch of time in steps of equal length. */
interface Steps {
  readonly fromUs: Micros
  readonly toUs: Micros
  readonly stepUs: number
}

type TickAt = readonly [Instrument, Micros]

/** One tick of each instrument at the beginning of each step. */
function* evenTicks(instruments: readonly Instrument[], { fromUs, toUs, stepUs }: Steps): Generator<TickAt> {
  for (let timeUs = fromUs; timeUs < toUs; timeUs += stepUs) {
    for (const instrument of instruments) yield [instrument, timeUs]
  }
}

/** About one tick of each instrument a step, at least `least`, sorted by time within each step. */
function* unevenTicks(
  instruments: readonly Instrument[],
  { fromUs, toUs, stepUs }: Steps,
  least: number,
): Generator<TickAt> {
  for (let startUs = fromUs; startUs < toUs; startUs += stepUs) {
    const ofStep = instruments.flatMap(instrument =>
      unevenTimes(instrument, startUs, stepUs, least).map((timeUs): TickAt => [instrument, timeUs]),
    )
    yield* ofStep.filter(([, timeUs]) => timeUs < toUs).sort(([, a], [, b]) => a - b)
  }
}

async function producePaced(
  { topicWriter, settings, nowMs }: ProduceServices,
  { seed, symbols, seconds, perSecond, even }: Paced,
  remainingMs: () => number,
): Promise<ProduceResult> {
  const instruments = fakeInstruments(seed, symbols)
  const fromUs = paceStart(nowMs()) * 1000
  const stepUs = Math.floor(SECOND_US / perSecond)
  const steps = { fromUs, toUs: fromUs + seconds * perSecond * stepUs, stepUs }
  const ticks = even ? evenTicks(instruments, steps) : unevenTicks(instruments, steps, 1)
  let sent = 0
  for (const [dueUs, together] of dueTogether(ticks)) {
    if (remainingMs() <= STOP_EARLY_MS) break
    await sleep(Math.max(0, dueUs / 1000 - nowMs()))
    await topicWriter.send(
      together.map(([instrument, timeUs]) => fakeRecord(settings.ticksTopic, instrument, timeUs)),
    )
    sent += together.length
  }
  return { sent }
}

/** The length of the slots of time whose ticks go to Kafka in one request. */
const SLOT_US = SECOND_US / 4

/** Groups ticks, which come sorted by time, by the slot in which they are received; `dueUs` is the slot's end. */
function* dueTogether(ticks: Iterable<TickAt>): Generator<readonly [dueUs: Micros, TickAt[]]> {
  let together: TickAt[] = []
  let untilUs = Number.NEGATIVE_INFINITY
  for (const tick of ticks) {
    const dueUs = tick[1] + receiveDelayMs(tick[0]) * 1000
    if (together.length > 0 && dueUs > untilUs) {
      yield [untilUs, together]
      together = []
    }
    if (together.length === 0) untilUs = Math.ceil(dueUs / SLOT_US) * SLOT_US
    together.push(tick)
  }
  if (together.length > 0) yield [untilUs, together]
}

/** The running second; or the minute, when it has just begun: a schedule fires a little after its minute and means all of it. */
function paceStart(nowMs: number): number {
  const intoMinuteMs = nowMs % 60_000
  return nowMs - (intoMinuteMs < SCHEDULE_JITTER_MS ? intoMinuteMs : nowMs % 1000)
}

/** Sends in batches; gives how many were sent. */
async function sendAll({ topicWriter, settings }: ProduceServices, ticks: Iterable<TickAt>): Promise<number> {
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
