import { setTimeout as sleep } from 'node:timers/promises'
import { type Candle, candleId } from '../market/candle.ts'
import { isUnsent, type Mark } from '../publish/sendingOrder.ts'
import { contentsText } from './candleText.ts'
import { nameOf } from './compareCandles.ts'
import { type Days, dayOf } from './dayCandles.ts'
import { differingFields, type Findings } from './findings.ts'

/** A candle that is not the same in Iceberg and on Kafka, as far as was seen. */
export interface Suspect {
  readonly stored?: Candle | undefined
  readonly found?: Candle | undefined
}

/** What it takes to clear suspects while the pipeline goes on. */
export interface Settling {
  readonly suspects: Map<string, Suspect>
  readonly mark: Mark | undefined
  readonly findings: Findings
  /** Between two looks. */
  readonly pauseMs: number
  /** What has come to the topic since it was read. */
  readonly news: () => AsyncIterable<Candle | undefined>
  /** The candles table as it is now, and then how far publish has come. */
  readonly reload: () => Promise<{
    readonly mark: Mark | undefined
    readonly candles: (days: Days) => AsyncIterable<Candle>
  }>
}

const COMPARED = ['open', 'high', 'low', 'close', 'volume', 'closed', 'revision', 'updatedAtUs'] as const

const LOOKS = 5

/**
 * Clears candles that changed while they were looked at: when a later snapshot and what is on Kafka by then agree, they
 * are right; when publish has not sent them, they are counted as such. Reports the rest.
 */
export async function settle(settling: Settling): Promise<void> {
  const { suspects, findings, pauseMs } = settling
  let { mark } = settling
  for (let looks = 1; ; looks++) {
    for (const [key, suspect] of suspects) {
      const isLast = looks === LOOKS
      if (isCleared(suspect, mark, findings)) suspects.delete(key)
      else if (isLast || !mayBeAhead(suspect)) {
        report(suspect, findings)
        suspects.delete(key)
      }
    }
    if (suspects.size === 0) return
    if (looks > 1) await sleep(pauseMs)
    mark = await lookAgain(settling)
  }
}

function isCleared({ stored, found }: Suspect, mark: Mark | undefined, findings: Findings): boolean {
  if (stored === undefined) return false
  if (found !== undefined && contentsText(stored) === contentsText(found)) {
    findings.overtaken += 1
    return true
  }
  if (mark !== undefined && !isUnsent(stored, mark)) return false
  findings.unpublished += 1
  return true
}

/** True when Kafka may know more than the snapshot that was looked at; a candle that it lacks, or has older, is wrong. */
function mayBeAhead({ stored, found }: Suspect): boolean {
  return found !== undefined && (stored === undefined || found.revision > stored.revision)
}

/** In this order: what the table holds and the mark has passed was on the topic before its end is looked at. */
async function lookAgain({ suspects, reload, news }: Settling): Promise<Mark | undefined> {
  const { mark, candles } = await reload()
  for await (const found of news()) {
    const key = found && candleId(found)
    const suspect = key && suspects.get(key)
    if (suspect) suspects.set(key, { ...suspect, found })
  }
  const days = daysOf(suspects.values())
  const later = new Map<string, Candle>()
  for await (const candle of candles(days)) {
    const key = candleId(candle)
    if (suspects.has(key)) later.set(key, candle)
  }
  for (const [key, suspect] of suspects) suspects.set(key, { ...suspect, stored: later.get(key) })
  return mark
}

function daysOf(suspects: Iterable<Suspect>): Days {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const { stored, found } of suspects) {
    const day = dayOf((stored ?? found)?.dateTimeUs ?? 0)
    first = Math.min(first, day)
    last = Math.max(last, day)
  }
  return { first, last }
}

function report({ stored, found }: Suspect, findings: Findings): void {
  const candle = stored ?? found
  if (candle === undefined) return
  const difference = { in: 'kafka', candle: nameOf(candle) } as const
  if (stored === undefined) findings.report({ ...difference, problem: 'surplus' })
  else if (found === undefined) findings.report({ ...difference, problem: 'missing' })
  else {
    const fields = differingFields(stored, found, COMPARED)
    findings.report({ ...difference, problem: 'differs', ...(fields ? { fields } : {}) })
  }
}
