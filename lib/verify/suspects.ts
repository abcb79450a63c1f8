import { setTimeout as sleep } from 'node:timers/promises'
import { type Candle, candleId } from '../market/candle.ts'
import { isWaiting, type Mark } from '../publish/sendingOrder.ts'
import { contentsText } from './candleText.ts'
import { nameOf } from './compareCandles.ts'
import { type Days, dayOf } from './dayCandles.ts'
import { differingFields, type Findings } from './findings.ts'
import { candleOfRow, isRemoved } from './removed.ts'
import type { Message } from './topicRead.ts'

/** A candle that is not the same in Iceberg and on Kafka, as far as was seen. */
export interface Suspect {
  /** Its row, or the row which says that it is gone. */
  readonly stored?: Candle | undefined
  readonly found?: Message | undefined
}

/** What it takes to clear suspects while the pipeline goes on. */
export interface Settling {
  /** By the candle's id. */
  readonly suspects: Map<string, Suspect>
  readonly mark: Mark | undefined
  readonly findings: Findings
  /** Between two looks. */
  readonly pauseMs: number
  /** What has come to the topic since it was read. */
  readonly news: () => AsyncIterable<Message | undefined>
  /** The candles table as it is now, and then how far publish has come. */
  readonly reload: () => Promise<{
    readonly mark: Mark | undefined
    readonly rows: (days: Days) => AsyncIterable<Candle>
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

function isCleared(suspect: Suspect, mark: Mark | undefined, findings: Findings): boolean {
  const { stored } = suspect
  if (agrees(suspect)) {
    findings.overtaken += 1
    return true
  }
  if (stored === undefined || (mark !== undefined && !isWaiting(stored, mark))) return false
  findings.unpublished += 1
  return true
}

/** Of a candle that is gone the newest message is a tombstone, or there is none: compaction takes tombstones away too. */
function agrees({ stored, found }: Suspect): boolean {
  const candle = found?.candle
  if (stored === undefined || isRemoved(stored)) return candle === undefined
  return candle !== undefined && contentsText(stored) === contentsText(candle)
}

/** True when Kafka may know more than the snapshot that was looked at; a candle that it lacks, or has older, is wrong. */
function mayBeAhead({ stored, found }: Suspect): boolean {
  if (stored === undefined || found === undefined) return found !== undefined
  return found.candle === undefined || found.candle.revision > stored.revision
}

/** In this order: what the table holds and the mark has passed was on the topic before its end is looked at. */
async function lookAgain({ suspects, reload, news }: Settling): Promise<Mark | undefined> {
  const { mark, rows } = await reload()
  for await (const found of news()) {
    const key = found && candleId(found.key)
    const suspect = key && suspects.get(key)
    if (suspect) suspects.set(key, { ...suspect, found })
  }
  const days = daysOf(suspects.values())
  const later = new Map<string, Candle>()
  for await (const row of rows(days)) {
    const key = candleId(candleOfRow(row))
    if (suspects.has(key)) later.set(key, row)
  }
  for (const [key, suspect] of suspects) suspects.set(key, { ...suspect, stored: later.get(key) })
  return mark
}

function daysOf(suspects: Iterable<Suspect>): Days {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const { stored, found } of suspects) {
    const day = dayOf((stored ?? found?.key)?.dateTimeUs ?? 0)
    first = Math.min(first, day)
    last = Math.max(last, day)
  }
  return { first, last }
}

function report({ stored, found }: Suspect, findings: Findings): void {
  const key = stored ? candleOfRow(stored) : found?.key
  if (key === undefined) return
  const difference = { in: 'kafka', candle: nameOf(key) } as const
  if (stored === undefined) findings.report({ ...difference, problem: 'surplus' })
  else if (isRemoved(stored)) findings.report({ ...difference, problem: 'surplus', detail: 'no tombstone' })
  else if (found === undefined) findings.report({ ...difference, problem: 'missing' })
  else if (found.candle === undefined)
    findings.report({ ...difference, problem: 'missing', detail: 'a tombstone' })
  else {
    const fields = differingFields(stored, found.candle, COMPARED)
    findings.report({ ...difference, problem: 'differs', ...(fields ? { fields } : {}) })
  }
}
