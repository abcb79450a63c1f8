import { expect, test } from 'vitest'
import { inNamespace } from '../../bench/history/inNamespace.ts'
import { symbolsHeld } from '../../bench/rollup/ratios.ts'
import { bytes, milliseconds } from '../../bench/rollup/trinoStats.ts'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { TICKS_DEFINITION, TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { MemoryCatalog } from '../support/memoryCatalog.ts'

test.each([
  ['850.00us', 0.85],
  ['85.20ms', 85.2],
  ['1.50s', 1_500],
  ['2.00m', 120_000],
])('Trino’s %s are %d ms', (text, expected) => {
  expect(milliseconds(text)).toBeCloseTo(expected, 6)
})

test.each([
  ['0B', 0],
  ['1234B', 1_234],
  ['1.5MB', 1_572_864],
])('Trino’s %s are %d bytes', (text, expected) => {
  expect(bytes(text)).toBe(expected)
})

test('tables in another namespace go by their own names, and statements ask for them there', async () => {
  const catalog: Catalog = new MemoryCatalog()
  const asked: string[] = []
  const query = {
    rows: async <Row>(sql: string) => {
      asked.push(sql)
      return [] as Row[]
    },
  }
  const there = inNamespace({ catalog, query }, 'days_30')
  await there.catalog.createNamespace('market_data')
  const { ident, metadata } = await there.catalog.createTable(TICKS_TABLE, TICKS_DEFINITION)
  expect(ident).toEqual(TICKS_TABLE)
  const elsewhere = await catalog.loadTable({ ...TICKS_TABLE, namespace: 'days_30' })
  expect(elsewhere.metadata.tableUuid).toBe(metadata.tableUuid)
  await there.query.rows('SELECT 1 FROM lake.market_data.candles')
  expect(asked).toEqual(['SELECT 1 FROM lake.days_30.candles'])
})

test('symbols are held until the line through two measurements meets the memory, or the minute', () => {
  const few = { symbols: 200, peak_rss_mb: 224, wall_ms: 2_000 }
  const more = { symbols: 2_000, peak_rss_mb: 404, wall_ms: 5_600 }
  expect(symbolsHeld(few, more)).toEqual({ by_memory: 8_697, by_time: 29_200 })
})
