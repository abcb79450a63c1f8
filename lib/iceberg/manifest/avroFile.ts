import { randomBytes } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import avro, { type Type } from 'avsc'
import { UnreadableFile } from '../errors.ts'
import { int64Type } from './int64Type.ts'

/** An Avro schema as JSON, with Iceberg's `field-id` on each field. */
export type AvroSchema =
  | string
  | readonly AvroSchema[]
  | {
      readonly type: string
      readonly [attribute: string]: unknown
    }

/** What an Avro container file holds; `metadata` has the file's own keys, those of Avro itself left out. */
export interface AvroFile {
  readonly metadata: Readonly<Record<string, string>>
  readonly records: readonly unknown[]
}

const MAGIC = Buffer.from('Obj\x01', 'latin1')
const SYNC_LENGTH = 16

// https://avro.apache.org/docs/1.11.1/specification/#object-container-files
const metadataType = avro.Type.forSchema({ type: 'map', values: 'bytes' })
const blockHeadType = avro.Type.forSchema({
  type: 'record',
  name: 'block_head',
  fields: [
    { name: 'count', type: 'long' },
    { name: 'size', type: 'long' },
  ],
})

/** Records as an Avro container file of one block, deflated. */
export function encodeAvro(
  schema: AvroSchema,
  records: readonly unknown[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const schemaText = JSON.stringify(schema)
  const type = typeOf(schemaText)
  const head = { ...metadata, 'avro.schema': schemaText, 'avro.codec': 'deflate' }
  const headBytes = Object.fromEntries(Object.entries(head).map(([key, text]) => [key, Buffer.from(text)]))
  const sync = randomBytes(SYNC_LENGTH)
  const parts = [MAGIC, metadataType.toBuffer(headBytes), sync]
  if (records.length > 0) {
    const body = deflateRawSync(Buffer.concat(records.map(record => type.toBuffer(record))))
    parts.push(blockHeadType.toBuffer({ count: records.length, size: body.length }), body, sync)
  }
  return Buffer.concat(parts)
}

/**
 * Reads an Avro container file, whoever wrote it. `rename` may give each field of its schema another name, which
 * makes readers independent of what writers call them. Throws `UnreadableFile`.
 */
export function decodeAvro(bytes: Uint8Array, rename: (schema: AvroSchema) => AvroSchema): AvroFile {
  try {
    return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), rename)
  } catch (cause) {
    if (cause instanceof UnreadableFile) throw cause
    throw new UnreadableFile('not a whole Avro file', { cause })
  }
}

function decode(file: Buffer, rename: (schema: AvroSchema) => AvroSchema): AvroFile {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC)) throw new UnreadableFile('not an Avro file')
  const head = metadataType.decode(file, MAGIC.length)
  const texts = Object.entries(head.value as Record<string, Buffer>).map(([key, value]) => [
    key,
    value.toString(),
  ])
  const {
    'avro.schema': schemaText = '""',
    'avro.codec': codec = 'null',
    ...metadata
  } = Object.fromEntries(texts)
  const type = typeOf(JSON.stringify(rename(JSON.parse(schemaText))))
  const records: unknown[] = []
  let offset = head.offset + SYNC_LENGTH
  while (offset < file.length) {
    const { value, offset: start } = blockHeadType.decode(file, offset)
    const { count, size } = value as { count: number; size: number }
    const body = inflate(file.subarray(start, start + size), codec)
    let at = 0
    for (let i = 0; i < count; i++) {
      const record = type.decode(body, at)
      if (record.offset < 0) throw new UnreadableFile('an Avro block ends too early')
      records.push(record.value)
      at = record.offset
    }
    offset = start + size + SYNC_LENGTH
  }
  if (offset !== file.length) throw new UnreadableFile('an Avro file ends too early')
  return { metadata, records }
}

function inflate(body: Buffer, codec: string): Buffer {
  if (codec === 'null') return body
  if (codec === 'deflate') return inflateRawSync(body)
  throw new UnreadableFile(
    `Avro codec ${codec} is not read here: write manifests with gzip, Iceberg's default`,
  )
}

const types = new Map<string, Type>()
const MAX_TYPES = 64

/** Avro types are compiled to code: once per schema, as long as there are not too many. */
function typeOf(schemaText: string): Type {
  const known = types.get(schemaText)
  if (known) return known
  const type = avro.Type.forSchema(JSON.parse(schemaText), {
    typeHook: schema => (isLong(schema as AvroSchema) ? int64Type : undefined),
    omitRecordMethods: true,
    wrapUnions: false,
  } as Partial<avro.ForSchemaOptions>)
  if (types.size >= MAX_TYPES) types.clear()
  types.set(schemaText, type)
  return type
}

/** A type is a plain name or an object with that name: DuckDB writes `{"type": "long"}`. */
function isLong(schema: AvroSchema): boolean {
  return schema === 'long' || (typeof schema === 'object' && 'type' in schema && schema.type === 'long')
}
