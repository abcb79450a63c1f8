import { describe, expect, it } from 'vitest'
import { renderSql } from '../../lib/trino/sql.ts'

const values = {
  catalog: 'lake',
  price: 'mid',
  ticks_snapshot: '12',
  stretches: 'true',
  later: 'kafka_offset < $1',
  files: '"$path" IN ($&)',
}

describe('renderSql', () => {
  it('replaces 6 placeholders, taking $ for itself', () => {
    const sql = renderSql('minutes', values)
    expect(sql).toContain('FROM lake.market_data.stock_ticks FOR VERSION AS OF 12')
    expect(sql).toContain('WHERE (true) AND NOT (kafka_offset < $1) AND ("$path" IN ($&))')
    expect(sql).toContain('mid + 0e0 AS price')
    expect(sql).not.toContain('{{')
  })

  it('puts one statement into another as it is, with what looks like a placeholder', () => {
    const sql = renderSql('differing_minutes', {
      minutes: 'SELECT {{price}}',
      catalog: 'lake',
      candles_snapshot: '34',
      stretches: 'true',
      share: 'true',
      limit: '9',
    })
    expect(sql).toContain('SELECT {{price}}')
    expect(sql).toContain('LIMIT 9')
  })

  it('replaces one placeholder in each of 2 places', () => {
    const filled = { minutes: '', catalog: 'lake', candles_snapshot: '34', share: 'true', limit: '9' }
    const sql = renderSql('differing_minutes', { ...filled, stretches: 'within' })
    expect(sql.split('(within)')).toHaveLength(2)
  })

  it('names a placeholder that has no value, even when objects have such a member', () => {
    const { catalog: _, ...others } = values
    expect(() => renderSql('minutes', others)).toThrow('minutes.sql: no value for {{catalog}}')
  })

  it('names 2 values that have no placeholder', () => {
    const more = { ...values, surplus: '1', extra: 'x' }
    expect(() => renderSql('minutes', more)).toThrow('no placeholder for surplus, extra')
  })

  it('names a statement that does not exist', () => {
    expect(() => renderSql('no_such', {})).toThrow('trino/sql/no_such.sql: not found in or above')
  })
})
