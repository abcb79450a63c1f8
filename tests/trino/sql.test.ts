import { describe, expect, it } from 'vitest'
import { renderSql } from '../../lib/trino/sql.ts'

const values = { catalog: 'lake', ticks_snapshot: '12', between_vectors: 'kafka_offset < $1' }

describe('renderSql', () => {
  it('replaces 3 placeholders, taking $ for itself', () => {
    const sql = renderSql('touched_minutes', values)
    expect(sql).toContain('FROM lake.market_data.stock_ticks FOR VERSION AS OF 12')
    expect(sql).toContain('WHERE kafka_offset < $1')
    expect(sql).not.toContain('{{')
  })

  it('names a placeholder that has no value, even when objects have such a member', () => {
    const { catalog: _, ...others } = values
    expect(() => renderSql('touched_minutes', others)).toThrow(
      'touched_minutes.sql: no value for {{catalog}}',
    )
  })

  it('names 2 values that have no placeholder', () => {
    const more = { ...values, price: 'mid', extra: 'x' }
    expect(() => renderSql('touched_minutes', more)).toThrow('no placeholder for price, extra')
  })

  it('names a statement that does not exist', () => {
    expect(() => renderSql('no_such', {})).toThrow('trino/sql/no_such.sql: not found in or above')
  })
})
