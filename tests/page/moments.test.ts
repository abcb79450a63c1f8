import { describe, expect, test } from 'vitest'
import {
  bucketText,
  countdownText,
  lengthText,
  momentOfText,
  momentText,
  shortIso,
} from '../../page/moments.js'
import { Zone, zoneOf } from '../../page/zone.js'

const UTC = zoneOf('UTC')
const TIME = Date.UTC(2026, 10, 24, 4, 5)

describe('a bucket', () => {
  test.each([
    ['m1', 'UTC', 'Tue 24 Nov 2026 04:05'],
    ['h4', 'UTC', 'Tue 24 Nov 2026 04:05'],
    ['m1', 'America/New_York', 'Mon 23 Nov 2026 23:05'],
    ['m1', 'Asia/Kolkata', 'Tue 24 Nov 2026 09:35'],
    ['D1', 'America/New_York', 'Tue 24 Nov 2026'],
    ['W1', 'UTC', 'Tue 24 Nov 2026'],
    ['M1', 'UTC', 'Nov 2026'],
  ])('of %s in %s is named %s', (timeframe, zone, text) => {
    expect(bucketText(TIME, timeframe, zoneOf(zone))).toBe(text)
  })
})

describe('a time zone', () => {
  test.each([
    ['2026-03-29T00:59:59Z', 1],
    ['2026-03-29T01:00:00Z', 2],
    ['2026-10-25T00:59:59Z', 2],
    ['2026-10-25T01:00:00Z', 1],
    ['2026-07-01T12:00:00Z', 2],
  ])('changes its clocks to the minute: Berlin at %s is %i h ahead', (iso, hours) => {
    expect(zoneOf('Europe/Berlin').offsetMs(Date.parse(iso))).toBe(hours * 3_600_000)
  })

  test('gives the moment at which its clocks show a time, also on days when they change', () => {
    const berlin = zoneOf('Europe/Berlin')
    const momentOf = (wall: string) => new Date(berlin.momentOf(Date.parse(`${wall}Z`))).toISOString()
    expect(momentOf('2026-07-01T14:00')).toBe('2026-07-01T12:00:00.000Z')
    expect(momentOf('2026-03-29T01:30')).toBe('2026-03-29T00:30:00.000Z')
    expect(momentOf('2026-03-29T03:30')).toBe('2026-03-29T01:30:00.000Z')
    expect(momentOf('2026-10-25T02:30')).toBe('2026-10-25T00:30:00.000Z')
    expect(momentOf('2026-10-25T03:30')).toBe('2026-10-25T02:30:00.000Z')
  })

  test('that does not exist is UTC; one that does is labelled as one would say it', () => {
    expect([zoneOf('Mars/Olympus').name, zoneOf('').name]).toEqual(['UTC', 'UTC'])
    expect([new Zone('America/New_York').label, new Zone('America/Sao_Paulo').label]).toEqual([
      'New York',
      'Sao Paulo',
    ])
  })
})

const NOW = Date.UTC(2026, 10, 24, 16, 44) // a Tuesday
test.each([
  [Date.UTC(2026, 10, 24, 16, 43), '16:43:00'],
  [Date.UTC(2026, 10, 23, 23, 59), 'Monday 23:59'],
  [Date.UTC(2026, 10, 20, 22, 0), 'Friday 22:00'],
  [Date.UTC(2026, 10, 17, 22, 0), '17 Nov 22:00'],
  [Date.UTC(2025, 10, 20, 22, 0), '20 Nov 2025 22:00'],
])('%i is said as %s', (timeMs, text) => {
  expect(momentText(timeMs, NOW, UTC)).toBe(text)
})

test('lengths of time are said about, and counted down to the second', () => {
  expect([8, 75, 240, 11_100, 7_200, 200_000].map(s => lengthText(s * 1000))).toEqual([
    ...['8 s', '1 min', '4 min', '3 h 5 min', '2 h', '2 days'],
  ])
  expect([0.2, 23, 161, 9_667, 268_860].map(s => countdownText(s * 1000))).toEqual([
    ...['0:01', '0:23', '2:41', '2:41:07', '3d 02:41'],
  ])
})

test('moments in the address are short, and read back; nonsense names none', () => {
  expect([shortIso('2026-11-24T14:31:00.000000Z'), shortIso('2026-11-24T00:00:00.000000Z')]).toEqual([
    '2026-11-24T14:31',
    '2026-11-24',
  ])
  const texts = ['2026-11-24T14:31', '2026-11-24', '2026-11-24T14:31:00.000000Z', '2026-11-24T14:31+02:00']
  expect(texts.map(momentOfText)).toEqual([
    '2026-11-24T14:31:00.000Z',
    '2026-11-24T00:00:00.000Z',
    '2026-11-24T14:31:00.000Z',
    '2026-11-24T12:31:00.000Z',
  ])
  expect(['', 'soon', '2026-13-01'].map(momentOfText)).toEqual([undefined, undefined, undefined])
})
