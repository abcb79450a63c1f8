import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isMinutesRest } from '../lib/requests/ingestRequest.ts'
import { maintainRequest } from '../lib/requests/maintainRequest.ts'
import { produceRequest } from '../lib/requests/produceRequest.ts'
import { BadRequest } from '../lib/requests/request.ts'
import { rollupRequest } from '../lib/requests/rollupRequest.ts'

const recordedEvent = (name: string) =>
  JSON.parse(readFileSync(new URL(`../events/${name}.json`, import.meta.url), 'utf8'))
const schedule = recordedEvent('schedule')

describe('isMinutesRest', () => {
  test("the recorded event asks for the minute's rest", () => {
    expect(isMinutesRest(recordedEvent('minutes-rest'))).toBe(true)
  })

  test.each([[undefined], [{}], [schedule], [recordedEvent('ticks.kafka')], [{ only: 'all' }]])(
    '%j does not',
    event => {
      expect(isMinutesRest(event)).toBe(false)
    },
  )
})

describe('rollupRequest', () => {
  test.each([[undefined], [null], [''], [{}], [schedule]])('%j asks for new ticks', event => {
    expect(rollupRequest(event)).toBeUndefined()
  })

  test('a stretch is read in microseconds, UTC', () => {
    expect(rollupRequest({ from: '1970-01-01T00:00:01', to: '1970-01-01T02:00:00+01:00' })).toEqual({
      fromUs: 1_000_000,
      toUs: 3_600_000_000,
    })
  })

  test.each([
    [{ form: '2026-01-01T00:00:00', to: '2026-01-02T00:00:00' }, /form/],
    [{ from: '2026-01-01T00:00:00' }, /to/],
    [{ from: '2026-01-02T00:00:00', to: '2026-01-01T00:00:00' }, /before/],
    [{ from: 'yesterday', to: '2026-01-01T00:00:00' }, /ISO 8601/],
    ['from', /JSON object/],
  ])('%j is refused, and it is said why', (event, message) => {
    expect(() => rollupRequest(event)).toThrow(message)
  })
})

describe('produceRequest', () => {
  test.each([[undefined], [''], [{}], [schedule]])(
    '%j means 10 symbols, once a second, for a minute',
    event => {
      expect(produceRequest(event)).toEqual({
        kind: 'paced',
        seed: 1,
        symbols: 10,
        seconds: 60,
        perSecond: 1,
        even: false,
      })
    },
  )

  test('a burst and a stretch of history', () => {
    expect(produceRequest({ ticks: 5, symbols: 2 })).toEqual({ kind: 'burst', seed: 1, symbols: 2, ticks: 5 })
    const history = { from: '1970-01-01T00:00:00', to: '1970-01-01T00:01:00', everySeconds: 10 }
    expect(produceRequest(history)).toMatchObject({
      kind: 'history',
      from: 0,
      to: 60_000_000,
      everySeconds: 10,
    })
  })

  test.each([
    [{ ticks: 0 }, /ticks/],
    [{ ticks: 1e12 }, /ticks/],
    [{ ticks: 5, from: '2026-01-01T00:00:00' }, /from/],
    [{ symbol: 3 }, /symbol/],
    [{ from: '2026-01-01T00:00:00', to: '2026-01-01T00:00:00' }, /before/],
  ])('%j is refused, and it is said why', (event, message) => {
    expect(() => produceRequest(event)).toThrow(message)
  })
})

describe('maintainRequest', () => {
  const recorded = recordedEvent('maintain')

  test.each([[undefined], [''], [{}], [schedule]])('%j asks for all of it', event => {
    expect(maintainRequest(event)).toEqual({})
  })

  test('one part, as the recorded event asks for it', () => {
    expect(maintainRequest(recorded)).toEqual({ only: 'compaction' })
    for (const only of ['orphans', 'counts']) expect(maintainRequest({ only })).toEqual({ only })
  })

  test.each([[{ only: 'all' }], [{ tables: ['candles'] }]])('%j is refused', event => {
    expect(() => maintainRequest(event)).toThrow(BadRequest)
  })
})
