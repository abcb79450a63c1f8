import { expect, test } from 'vitest'
import { readConfig } from '../../lib/lambda/config.ts'
import { renderSql } from '../../lib/trino/sql.ts'

test.each([
  ['GRACE_MS', 'soon', '750'],
  ['KAFKA_TLS', 'yes', 'true'],
  ['PRICE', 'last', 'bid'],
  ['TRINO_URL', 'localhost:8090', 'http://localhost:8090'],
])('BAD_SETTINGS names %s=%s, and goes with %s', (name, wrong, right) => {
  expect(() => readConfig({ [name]: wrong })).toThrow(
    expect.objectContaining({ code: 'BAD_SETTINGS', message: expect.stringContaining(name) }),
  )
  expect(() => readConfig({ [name]: right })).not.toThrow()
})

test('SQL_MISMATCH goes with the values that the statement of the same version has', () => {
  const values = { catalog: 'lake', candles_snapshot: '1', days: 'true' }
  const { days: _, ...ofEarlier } = values
  for (const some of [ofEarlier, { ...values, more: 'of a later one' }]) {
    expect(() => renderSql('daily_volumes', some)).toThrow(expect.objectContaining({ code: 'SQL_MISMATCH' }))
  }
  expect(renderSql('daily_volumes', values)).toContain('FOR VERSION AS OF 1')
})
