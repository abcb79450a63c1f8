import type { AvroSchema } from './avroFile.ts'

/** The type of a field that may be null, with null as its default. */
export function optional(type: AvroSchema): { readonly type: AvroSchema; readonly default: null } {
  return { type: ['null', type], default: null }
}

/** The names of all fields of an Avro schema by their Iceberg ids, which all of them must have. */
export function namesById(schema: AvroSchema): Readonly<Record<number, string>> {
  return Object.fromEntries(fieldsWithin(schema).map(({ 'field-id': id, name }) => [id, name]))
}

function fieldsWithin(schema: AvroSchema): NamedField[] {
  if (typeof schema === 'string') return []
  if (isUnion(schema)) return schema.flatMap(fieldsWithin)
  if (schema.type === 'array') return fieldsWithin(schema.items as AvroSchema)
  const fields = schema.type === 'record' ? (schema.fields as NamedField[]) : []
  return fields.flatMap(field => [field, ...fieldsWithin(field.type)])
}

/** An Avro schema with the fields named by their Iceberg id; an id without a name is called `f` and the id. */
export function renameById(schema: AvroSchema, names: Readonly<Record<number, string>>): AvroSchema {
  if (typeof schema === 'string') return schema
  if (isUnion(schema)) return schema.map(branch => renameById(branch, names))
  if (schema.type === 'record') {
    const fields = (schema.fields as NamedField[]).map(field => renameField(field, names))
    return { ...schema, fields }
  }
  if (schema.type === 'array') return { ...schema, items: renameById(schema.items as AvroSchema, names) }
  return schema
}

interface NamedField {
  readonly name: string
  readonly type: AvroSchema
  readonly 'field-id'?: number
}

function renameField(field: NamedField, names: Readonly<Record<number, string>>): NamedField {
  const id = field['field-id']
  // The keys and values of Iceberg's maps are fields too; their writers all call them `key` and `value`.
  const name =
    id === undefined || field.name === 'key' || field.name === 'value' ? field.name : (names[id] ?? `f${id}`)
  return {
    name,
    type: renameById(field.type, names),
    ...('default' in field ? { default: field.default } : {}),
  } as NamedField
}

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema)
}
