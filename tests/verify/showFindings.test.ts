import { expect, test } from 'vitest'
import { Findings } from '../../lib/verify/findings.ts'
import { showFindings } from '../../lib/verify/showFindings.ts'

function shown(changes: Partial<Findings>): string {
  return showFindings(Object.assign(new Findings(), changes), 1.23)
}

test('says that all is equal where nothing is stale', () => {
  const text = shown({ ticks: 1_200, candles: { m1: 20, m5: 4 } })
  expect(text).toContain('24 recomputed: m1 20, m5 4\n')
  expect(text).toMatch(/\nall equal {2}\(1\.2 s\)$/)
  expect(text).not.toContain('--wait')
})

test.each([
  [1, '1 hour is still being caught up and was not compared; --wait waits for it'],
  [1_212, '1,212 hours are still being caught up and were not compared; --wait waits for them'],
])(
  'says of %i stale hours that they were not compared, and claims no more than it has seen',
  (staleHours, text) => {
    expect(shown({ staleHours })).toContain(text)
    expect(shown({ staleHours })).toMatch(/\nall that was compared is equal {2}\(1\.2 s\)$/)
  },
)

test('says how many ticks are of times that have no candles', () => {
  expect(shown({ outside: 2 })).toContain('2 ticks of others before 1700 or after 2249')
  expect(shown({})).not.toContain('1700')
})

test('says how many candles are gone', () => {
  expect(shown({ candles: { m1: 2 }, removed: 3 })).toContain('2 recomputed: m1 2; 3 are gone\n')
})

test('names the candles that are kept without ticks, and the repair that cures what differs in Iceberg', () => {
  const findings = new Findings()
  findings.held = { firstDay: '2025-02-20', lastDay: '2026-02-24', hours: 8_880 }
  for (const dateTime of ['2026-03-02T10:59:00.000000Z', '2026-03-01T23:00:00.000000Z']) {
    const candle = { source: 's', symbol: 'x', timeframe: 'm1', dateTime }
    findings.report({ in: 'iceberg', problem: 'missing', candle })
    findings.report({
      in: 'kafka',
      problem: 'missing',
      candle: { ...candle, dateTime: '2020-01-01T00:00:00.000000Z' },
    })
  }
  const text = showFindings(findings, 1)
  expect(text).toContain('candles of 8,880 hours from 2025-02-20 to 2026-02-24, whose ticks were deleted')
  expect(text).toContain('npm run repair -- --from 2026-03-01T23:00:00 --to 2026-03-02T11:00:00')
  expect(text).toContain('delete the topics of m1, then npm run set-up')
})
