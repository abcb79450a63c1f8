import { describe, expect, test } from 'vitest'
import type { Status } from '../../page/api.js'
import { type Answers, ageText, freshness, freshnessText, historyText } from '../../page/freshness.js'
import { zoneOf } from '../../page/zone.js'

const UTC = zoneOf('UTC')
const iso = (ms: number) => new Date(ms).toISOString()
/** Tuesday 16:44:00; times below are seconds before it. */
const NOW = Date.UTC(2026, 10, 24, 16, 44)
const ago = (seconds: number) => iso(NOW - seconds * 1000)

const STATUS: Status = {
  ...{ closedUntil: ago(60), committedAt: ago(58), newestMinute: ago(60) },
  ...{ waitingSince: null, staleHours: 0, serverTime: ago(0) },
}
const { waitingSince: _, ...UNKNOWN } = STATUS

interface Case {
  readonly answers?: Partial<Answers>
  readonly status?: Status
  readonly answeredAgo?: number
}

function said({ answers = {}, status = STATUS, answeredAgo = 1 }: Case) {
  const fresh = freshness(
    {
      ...{ status, answeredMs: NOW - answeredAgo * 1000, tryingSinceMs: NOW - 3_600_000, isRefused: false },
      ...answers,
    },
    NOW,
  )
  return [fresh.kind, freshnessText(fresh, NOW, UTC), ageText(fresh, NOW, UTC)]
}

describe('how fresh what is on the screen is', () => {
  test.each<[string, Case, string[]]>([
    ['nothing waits, ticks come', {}, ['live', 'Live', '1 s']],
    ['the answer is 4 s old', { answeredAgo: 4 }, ['live', 'Live', '4 s']],
    [
      'a tick waits for 3 s',
      { status: { ...STATUS, waitingSince: ago(3) }, answeredAgo: 0 },
      ['live', 'Live', '3 s'],
    ],
    [
      'ticks wait for the next rollup',
      { status: { ...STATUS, waitingSince: ago(60) } },
      ['asOf', 'as of 16:43:00', '1 min ago'],
    ],
    [
      'ticks wait for 4 minutes while it commits',
      { status: { ...STATUS, waitingSince: ago(240), committedAt: ago(20) } },
      ['catchingUp', '4 min behind, catching up', ''],
    ],
    [
      'ticks wait for 4 minutes and nothing commits',
      { status: { ...STATUS, waitingSince: ago(240), committedAt: ago(235) } },
      ['behind', '4 min behind', ''],
    ],
    [
      'ticks wait for two hours and a half',
      { status: { ...STATUS, waitingSince: ago(9_000), committedAt: ago(9_000) } },
      ['behind', '2 h 30 min behind', ''],
    ],
    [
      'all ticks are shown, and the rollup is to commit them',
      { status: { ...STATUS, uncommittedSince: ago(62) } },
      ['live', 'Live', '1 s'],
    ],
    [
      'all ticks are shown, and the rollup has committed none for 4 minutes',
      { status: { ...STATUS, uncommittedSince: ago(240) } },
      ['unclosed', 'prices live, candles 4 min behind', ''],
    ],
    [
      'nothing waits, no tick since Friday evening',
      { status: { ...STATUS, newestMinute: '2026-11-20T21:59:00.000Z' } },
      ['quiet', 'no ticks since Friday 22:00', ''],
    ],
    [
      'nothing waits, no tick for three minutes',
      { status: { ...STATUS, newestMinute: ago(240) } },
      ['quiet', 'no ticks since 16:41:00', ''],
    ],
    [
      'nothing waits, no tick for two minutes',
      { status: { ...STATUS, newestMinute: ago(180) } },
      ['live', 'Live', '1 s'],
    ],
    [
      'nothing waits, never a tick',
      { status: { ...STATUS, newestMinute: null } },
      ['quiet', 'no ticks yet', ''],
    ],
    ['nobody knows what waits', { status: UNKNOWN }, ['asOf', 'as of 16:43:00', '1 min ago']],
    [
      'nobody knows what waits, for an hour',
      { status: { ...UNKNOWN, closedUntil: ago(3_600) } },
      ['asOf', 'as of 15:44:00', '1 h ago'],
    ],
    [
      'nobody knows what waits, nor what is closed',
      { status: { ...UNKNOWN, closedUntil: null } },
      ['asOf', 'as of 16:43:02', '58 s ago'],
    ],
    ['no answer for 6 s', { answeredAgo: 6 }, ['away', 'not reached, trying again', 'as of 16:43:54']],
    [
      'only refusals for 6 s',
      { answeredAgo: 6, answers: { isRefused: true } },
      ['busy', 'server busy, trying again', 'as of 16:43:54'],
    ],
    [
      'behind when it was last reached',
      { answeredAgo: 60, status: { ...STATUS, waitingSince: ago(300) } },
      ['away', 'not reached, trying again', 'as of 16:39:00'],
    ],
    [
      'the page was hidden for an hour until just now',
      { answeredAgo: 3_600, answers: { tryingSinceMs: NOW - 500 } },
      ['asOf', 'as of 15:44:00', '1 h ago'],
    ],
    [
      'never an answer, for a second',
      { answers: { status: undefined, answeredMs: undefined, tryingSinceMs: NOW - 1_000 } },
      ['waiting', '', ''],
    ],
    [
      'never an answer, for 10 s',
      { answers: { status: undefined, answeredMs: undefined, tryingSinceMs: NOW - 10_000 } },
      ['away', 'not reached, trying again', ''],
    ],
    ['an answer without a status', { answers: { status: undefined } }, ['waiting', '', '']],
  ])('%s', (_name, of, expected) => {
    expect(said(of)).toEqual(expected)
  })

  test('is never live on the word of a commit alone: green needs to know that nothing waits', () => {
    const committedNow = { ...UNKNOWN, closedUntil: ago(1), committedAt: ago(0) }
    expect(said({ status: committedNow, answeredAgo: 0 })[0]).toBe('asOf')
  })
})

test('a note says that history is being caught up; it is empty when none is', () => {
  const of = (staleHours: number) =>
    historyText(
      freshness(
        {
          ...{ status: { ...STATUS, staleHours }, answeredMs: NOW },
          ...{ tryingSinceMs: NOW, isRefused: false },
        },
        NOW,
      ),
    )
  expect([of(0), of(1), of(1_200)]).toEqual([
    '',
    '1 hour of history being caught up',
    '1,200 hours of history being caught up',
  ])
})
