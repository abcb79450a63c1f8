import { describe, expect, test } from 'vitest'
import { UnsupportedTable } from '../../lib/iceberg/errors.ts'
import type { Field } from '../../lib/iceberg/schema.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { checkColumns } from '../../lib/tables/checkColumns.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { newWorld } from '../support/world.ts'

const world = await newWorld()
const ticks = await world.catalog.loadTable(TICKS_TABLE)

/** The table after others have changed its columns; its earlier schema is still on its list. */
function changed(table: Table, change: (fields: readonly Field[]) => readonly Field[]): Table {
  const [schema] = table.metadata.schemas
  const schemas = [schema!, { schemaId: 1, fields: change(schema!.fields) }]
  return { ...table, metadata: { ...table.metadata, currentSchemaId: 1, schemas } }
}

const with_ = (name: string, change: Partial<Record<keyof Field, unknown>>) => (fields: readonly Field[]) =>
  fields.map(field => (field.name === name ? ({ ...field, ...change } as Field) : field))
const without = (name: string) => (fields: readonly Field[]) => fields.filter(field => field.name !== name)
const added = (field: unknown) => (fields: readonly Field[]) => [...fields, field as Field]
const optional = { id: 17, name: 'note', type: 'string', required: false }

describe('columns that others changed', () => {
  test.each([
    ['none', (fields: readonly Field[]) => fields],
    ['an optional one more', added(optional)],
    [
      'an optional one of a nested type more',
      added({ ...optional, type: { type: 'list', 'element-id': 18 } }),
    ],
    ['an int that became a long', with_('kafka_partition', { type: 'long' })],
    ['a required one that became optional', with_('symbol', { required: false })],
    [
      'an optional one that was dropped and added again',
      (fields: readonly Field[]) => added({ ...optional, name: 'extra' })(without('extra')(fields)),
    ],
    ['another comment', with_('bid', { doc: 'what they pay' })],
  ])('are no matter: %s', (_, change) => {
    expect(() => checkColumns(changed(ticks, change))).not.toThrow()
  })

  test.each([
    [
      with_('bid', { name: 'Bid "old"' }),
      'has its column bid under the name Bid "old": undo it by ALTER TABLE market_data.stock_ticks RENAME COLUMN "Bid ""old""" TO bid',
    ],
    [
      without('receive_date_time'),
      'lacks its column receive_date_time, which was dropped: undo it by ALTER TABLE market_data.stock_ticks ADD COLUMN receive_date_time timestamp(6) with time zone',
    ],
    [
      without('bid'),
      'lacks its column bid, which was dropped: npm run set-up brings it back with its values (and takes away columns that were added since schema 0)',
    ],
    [
      added({ ...optional, required: true }),
      'has a new column note that must not be null: undo it by ALTER TABLE market_data.stock_ticks ALTER COLUMN note DROP NOT NULL',
    ],
    [
      with_('extra', { required: true }),
      'does not let its column extra be null: undo it by ALTER TABLE market_data.stock_ticks ALTER COLUMN extra DROP NOT NULL',
    ],
    [with_('number', { type: 'decimal(20, 0)' }), 'has its column number as decimal(20, 0) instead of long'],
  ])('are one error with the change and the way back', (change, told) => {
    const check = () => checkColumns(changed(ticks, change))
    expect(check).toThrow(UnsupportedTable)
    expect(check).toThrow(`market_data.stock_ticks ${told}`)
  })

  test('of candles too', async () => {
    const candles = changed(await world.catalog.loadTable(CANDLES_TABLE), with_('open', { name: 'first' }))
    expect(() => checkColumns(candles)).toThrow('ALTER TABLE market_data.candles RENAME COLUMN first TO open')
  })
})
