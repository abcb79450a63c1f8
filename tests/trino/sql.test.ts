import { describe, expect, it } from 'vitest'
import { renderSql } from '../../lib/trino/sql.ts'

const values = {
  catalog: 'lake',
  price: 'mid',
  ticks_snapshot: '12',
  candles_snapshot: '34',
  touched_minutes: 'true',
  below_vector: 'kafka_offset < $1',
  timeframes: "('m1', 0, 'minute', 1)",
  minutes_of_touched_hours: 'false',
  hours_of_touched_days: 'false',
  days_of_touched_weeks_and_months: 'false',
}

describe('renderSql', () => {
  it('replaces 10 placeholders, taking $ for itself', () => {
    const sql = renderSql('candles', values)
    expect(sql).toContain('FROM lake.market_data.stock_ticks FOR VERSION AS OF 12')
    expect(sql).toContain('AND (kafka_offset < $1)')
    expect(sql).not.toContain('{{')
  })

  it('names a placeholder that has no value, even when objects have such a member', () => {
    const { catalog: _, ...others } = values
    expect(() => renderSql('candles', others)).toThrow('candles.sql: no value for {{catalog}}')
  })

  it('names 2 values that have no placeholder', () => {
    const more = { ...values, surplus: '1', extra: 'x' }
    expect(() => renderSql('candles', more)).toThrow('no placeholder for surplus, extra')
  })

  it('names a statement that does not exist', () => {
    expect(() => renderSql('no_such', {})).toThrow('trino/sql/no_such.sql: not found in or above')
  })
})
