import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Snapshot } from '../../lib/iceberg/metadata.ts'
import { formatDateTime, type Micros, NEWEST_US, OLDEST_US, parseDateTime } from '../../lib/market/time.ts'
import type { Query } from '../../lib/ports.ts'
import type { Services } from '../../lib/services.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { loadTable } from '../../lib/tables/layout.ts'
import { integerLiteral, textLiteral, timestampLiteral } from '../../lib/trino/literals.ts'

import type { BenchRun } from '../benches.ts'
import { BenchFailed } from '../until.ts'
import { type AnsweredCandle, LIMIT, type Version } from './candlesAnswer.ts'
import type { ViewersOptions } from './options.ts'
import type { Look } from './viewer.ts'
import type { Viewed } from './visitors.ts'
import { withParameters } from './withParameters.ts'

const SQL = readFileSync(new URL('sql/candles_of.sql', import.meta.url), 'utf8')

/** The longest time that a viewer may still see a commit after the next one was made. */
const MAX_STALE_MS = 5_000
/** Differences that are printed; all are counted. */
const DIFFERENCES_SHOWN = 5

/** Compares a sample of the answers with Trino, and the commit of each look with the commits that were made. */
export async function checkAnswers(
  { catalog, query }: Pick<Services, 'catalog' | 'query'>,
  { first, others, later }: Viewed,
  { checkEvery }: Pick<ViewersOptions, 'checkEvery'>,
  { progress }: Pick<BenchRun, 'progress'>,
): Promise<{ readonly answers: number; readonly wrong: number }> {
  const { snapshots } = (await loadTable(catalog, CANDLES_TABLE)).metadata
  const looks = [...first, ...others, ...later]
  const wrong = new Map<Look, string>()
  for (const look of looks) {
    const what = staleness(snapshots, look)
    if (what !== undefined) wrong.set(look, what)
  }
  const answers = looks.filter(({ candles }) => candles !== undefined).filter((_, i) => i % checkEvery === 0)
  progress(`${answers.length} answers against Trino …`)
  for (const look of answers.filter(look => !wrong.has(look))) {
    const what = await differenceFromTrino(query, snapshots, look)
    if (what !== undefined) wrong.set(look, what)
  }
  for (const [{ question }, what] of [...wrong].slice(0, DIFFERENCES_SHOWN))
    progress(`wrong: ${JSON.stringify(question)}: ${what}`)
  return { answers: answers.length, wrong: wrong.size }
}

/** Says why the commit that a viewer saw is too old or was never made; undefined where it is right. */
export function staleness(
  snapshots: readonly Pick<Snapshot, 'timestampMs'>[],
  { version, sentAtMs }: Pick<Look, 'version' | 'sentAtMs'>,
): string | undefined {
  if (version === undefined) return undefined
  const seen = snapshotOf(snapshots, version)
  if (seen === undefined) return 'of a commit that there never was'
  const laterMs = snapshots.map(({ timestampMs }) => timestampMs).filter(ms => ms > seen.timestampMs)
  const staleMs = sentAtMs - Math.min(...laterMs)
  return staleMs > MAX_STALE_MS ? `of a commit that had been replaced for ${staleMs} ms` : undefined
}

function snapshotOf<Some extends Pick<Snapshot, 'timestampMs'>>(
  snapshots: readonly Some[],
  version: Version,
): Some | undefined {
  return snapshots.find(({ timestampMs }) => timestampMs === version.committedAtMs)
}

async function differenceFromTrino(
  query: Query,
  snapshots: readonly Snapshot[],
  { question, candles = [], version }: Look,
): Promise<string | undefined> {
  const { snapshotId } = snapshotOf(snapshots, version!)!
  const stored = candles.filter(({ live }) => !live)
  const live = candles.find(({ live }) => live)
  const parameters = [
    ...[question.source, question.symbol, question.timeframe].map(textLiteral),
    timestampLiteral(question.from === undefined ? OLDEST_US : microsOf(question.from)),
    // A live candle replaces the stored one, which Trino would give.
    timestampLiteral(live === undefined ? NEWEST_US : microsOf(live.dateTime)),
    integerLiteral(live === undefined ? LIMIT : Math.max(LIMIT - 1, stored.length)),
  ]
  const sql = SQL.replace('{{snapshot}}', String(snapshotId))
  const rows = await query.rows<AnsweredCandle>(withParameters(sql, parameters))
  return difference(stored, rows.toReversed())
}

/** Describes the first candle that differs from what was expected; undefined where none does. Both lists are oldest first. */
export function difference(
  answered: readonly AnsweredCandle[],
  expected: readonly AnsweredCandle[],
): string | undefined {
  const [given, wanted] = [answered.map(compared), expected.map(compared)]
  const at = wanted.findIndex((candle, i) => !isDeepStrictEqual(candle, given[i]))
  if (at >= 0) return `candle ${at} is ${JSON.stringify(given[at])} and not ${JSON.stringify(wanted[at])}`
  const more = given.length - wanted.length
  return more > 0 ? `${more} candles too many, after ${JSON.stringify(wanted.at(-1))}` : undefined
}

/** A candle with its times in one form: Trino and the answer write them differently. */
function compared({ dateTime, updatedAt, ...candle }: AnsweredCandle): AnsweredCandle {
  const { open, high, low, close, volume, closed, revision } = candle
  const times = {
    dateTime: formatDateTime(microsOf(dateTime)),
    updatedAt: formatDateTime(microsOf(updatedAt)),
  }
  return { ...times, open, high, low, close, volume, closed, revision }
}

function microsOf(time: string): Micros {
  const timeUs = parseDateTime(time)
  if (timeUs === undefined) throw new BenchFailed(`an answer has the time ${time}`)
  return timeUs
}
