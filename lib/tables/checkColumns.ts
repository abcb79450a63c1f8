import { UnsupportedTable } from '../iceberg/errors.ts'
import { currentSchema } from '../iceberg/metadata.ts'
import type { Field, Schema } from '../iceberg/schema.ts'
import { type Table, tableName } from '../iceberg/table.ts'
import { CANDLES_SCHEMA } from './candlesSchema.ts'
import { TICKS_SCHEMA } from './ticksSchema.ts'

const SCHEMAS: Readonly<Record<string, Schema>> = { stock_ticks: TICKS_SCHEMA, candles: CANDLES_SCHEMA }

/**
 * Throws `UnsupportedTable` when others changed the table's columns so that its rows cannot be read or written any more. The
 * message names the change and the statement that undoes it. Others may add optional columns.
 */
export function checkColumns(table: Table): void {
  const own = SCHEMAS[table.ident.name]?.fields ?? []
  const { fields } = currentSchema(table)
  for (const field of own) {
    const stored = fields.find(({ id }) => id === field.id)
    if (stored === undefined) checkDropped(table, field, fields)
    else checkKept(table, field, stored)
  }
  const needed = fields.find(({ id, required }) => required && !own.some(field => field.id === id))
  if (needed !== undefined)
    throw changed(table, `has a new column ${needed.name} that must not be null`, dropNotNull(needed))
}

function checkKept(table: Table, own: Field, field: Field): void {
  if (field.name !== own.name)
    throw changed(
      table,
      `has its column ${own.name} under the name ${field.name}`,
      `RENAME COLUMN ${quoted(field.name)} TO ${own.name}`,
    )
  // Iceberg lets an int become a long.
  if (field.type !== own.type && !(own.type === 'int' && field.type === 'long'))
    throw changed(table, `has its column ${own.name} as ${String(field.type)} instead of ${own.type}`)
  if (field.required && !own.required)
    throw changed(table, `does not let its column ${own.name} be null`, dropNotNull(field))
}

/** An optional column that was dropped and added again has another id. Its older values are gone; it is accepted. */
function checkDropped(table: Table, own: Field, fields: readonly Field[]): void {
  const again = fields.find(({ name }) => name === own.name)
  if (!own.required && again?.type === own.type && !again.required) return
  const lacks = `lacks its column ${own.name}, which was dropped`
  if (!own.required) throw changed(table, lacks, `ADD COLUMN ${own.name} ${SQL_TYPES[own.type]}`)
  throw new ColumnDropped(table, lacks, earlierSchema(table))
}

/** Trino's names of the types. */
const SQL_TYPES: Readonly<Record<Field['type'], string>> = {
  string: 'varchar',
  double: 'double',
  boolean: 'boolean',
  int: 'integer',
  long: 'bigint',
  timestamptz: 'timestamp(6) with time zone',
}

function dropNotNull({ name }: Field): string {
  return `ALTER COLUMN ${quoted(name)} DROP NOT NULL`
}

/** A column name of another engine's choice, quoted for SQL where that is needed. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

function changed({ ident }: Table, what: string, statement?: string): UnsupportedTable {
  const name = tableName(ident)
  const cure = statement === undefined ? 'set up a new table' : `undo it by ALTER TABLE ${name} ${statement}`
  return new UnsupportedTable(`${name} ${what}: ${cure}`)
}

/** The id of the table's newest schema that has all our columns. */
function earlierSchema({ ident, metadata }: Table): number | undefined {
  const own = SCHEMAS[ident.name]!.fields
  const hasAll = ({ fields }: Schema) =>
    own.every(({ id, name, type }) =>
      fields.some(field => field.id === id && field.name === name && field.type === type),
    )
  return metadata.schemas.findLast(hasAll)?.schemaId
}

/** SQL cannot bring back a dropped column with its values. Setting the earlier schema as the current one can. */
export class ColumnDropped extends UnsupportedTable {
  readonly schemaId: number | undefined

  constructor({ ident }: Table, what: string, schemaId: number | undefined) {
    const cure =
      schemaId === undefined
        ? 'set up a new table'
        : `npm run set-up brings it back with its values (and takes away columns that were added since schema ${schemaId})`
    super(`${tableName(ident)} ${what}: ${cure}`)
    this.schemaId = schemaId
  }
}
