import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import { UnreadableFile } from '../../lib/iceberg/errors.ts'
import { decodeAvro, encodeAvro } from '../../lib/iceberg/manifest/avroFile.ts'
import type { ManifestEntry } from '../../lib/iceberg/manifest/entry.ts'
import { decodeManifest, encodeManifest } from '../../lib/iceberg/manifest/manifest.ts'
import type { ManifestFile } from '../../lib/iceberg/manifest/manifestFile.ts'
import { decodeManifestList, encodeManifestList } from '../../lib/iceberg/manifest/manifestList.ts'
import { readingsSchema, readingsSpec } from './fixtures.ts'

const snapshotId = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n })
const count = fc.maxSafeInteger().map(Math.abs)
const int = fc.nat()
const bytes = fc.uint8Array({ maxLength: 20 }).map(array => Buffer.from(array))
const byField = <Value>(value: fc.Arbitrary<Value>) =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), value), { maxLength: 5 }).map(pairs => new Map(pairs))

const dataFile: fc.Arbitrary<DataFile> = fc.record(
  {
    path: fc.string(),
    format: fc.constantFrom('PARQUET', 'AVRO'),
    specId: fc.constant(0),
    partition: fc.record({
      symbol: fc.option(fc.string({ unit: 'grapheme' })),
      date_time_day: fc.option(fc.integer()),
    }),
    recordCount: count,
    fileSizeBytes: count,
    columnSizes: byField(count),
    valueCounts: byField(count),
    nullCounts: byField(count),
    nanCounts: byField(count),
    lowerBounds: byField(bytes),
    upperBounds: byField(bytes),
    splitOffsets: fc.array(count, { maxLength: 3 }),
    sortOrderId: int,
    equalityIds: fc.array(int, { maxLength: 3 }),
    referencedDataFile: fc.string(),
  },
  {
    requiredKeys: ['path', 'format', 'specId', 'partition', 'recordCount', 'fileSizeBytes'],
    noNullPrototype: true,
  },
)

const manifestFile: fc.Arbitrary<ManifestFile> = fc.record(
  {
    path: fc.string(),
    length: count,
    specId: int,
    content: fc.constantFrom('data', 'deletes'),
    sequenceNumber: count,
    minSequenceNumber: count,
    addedSnapshotId: snapshotId,
    addedFiles: int,
    existingFiles: int,
    deletedFiles: int,
    addedRows: count,
    existingRows: count,
    deletedRows: count,
    partitions: fc.array(
      fc.record(
        { containsNull: fc.boolean(), containsNan: fc.boolean(), lower: bytes, upper: bytes },
        { requiredKeys: ['containsNull'], noNullPrototype: true },
      ),
      { maxLength: 3 },
    ),
    keyMetadata: bytes,
  },
  {
    requiredKeys: [
      'path',
      'length',
      'specId',
      'content',
      'sequenceNumber',
      'minSequenceNumber',
      'addedSnapshotId',
      'addedFiles',
      'existingFiles',
      'deletedFiles',
      'addedRows',
      'existingRows',
      'deletedRows',
    ],
    noNullPrototype: true,
  },
)

const listed: ManifestFile = {
  path: 's3://bucket/m0.avro',
  length: 1,
  specId: 0,
  content: 'data',
  sequenceNumber: 42,
  minSequenceNumber: 42,
  addedSnapshotId: 7_000_000_000_000_000_007n,
  addedFiles: 1,
  existingFiles: 0,
  deletedFiles: 0,
  addedRows: 1,
  existingRows: 0,
  deletedRows: 0,
}

const bare: DataFile = {
  path: 's3://bucket/data/a.parquet',
  format: 'PARQUET',
  specId: 0,
  partition: { symbol: 'north', date_time_day: 20_167 },
  recordCount: 3,
  fileSizeBytes: 900,
}

describe('manifests', () => {
  it('give back every entry of files that are carried on or deleted', () => {
    const entries = fc.array(
      fc.record({
        status: fc.constantFrom('existing' as const, 'deleted' as const),
        snapshotId,
        sequenceNumber: count,
        fileSequenceNumber: count,
        file: dataFile,
      }),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(entries, given => {
        const back = decodeManifest(encodeManifest(readingsSchema, readingsSpec, given), listed, readingsSpec)
        expect(back).toEqual(given)
      }),
    )
  })

  it('give an added file the sequence numbers of their snapshot, 42', () => {
    const added: ManifestEntry = { status: 'added', snapshotId: 5n, file: bare }
    const written = encodeManifest(readingsSchema, readingsSpec, [added])
    expect(decodeManifest(written, listed, readingsSpec)).toEqual([
      { ...added, sequenceNumber: 42, fileSequenceNumber: 42 },
    ])
  })

  it('name formats in capitals, however their writer puts them', () => {
    const added: ManifestEntry = { status: 'added', snapshotId: 5n, file: { ...bare, format: 'parquet' } }
    const [back] = decodeManifest(encodeManifest(readingsSchema, readingsSpec, [added]), listed, readingsSpec)
    expect(back?.file.format).toBe('PARQUET')
  })

  it('say in their head what they are: schema, spec and version 2', () => {
    const { metadata } = decodeAvro(encodeManifest(readingsSchema, readingsSpec, []), schema => schema)
    expect(metadata).toMatchObject({
      'schema-id': '0',
      'partition-spec-id': '0',
      'format-version': '2',
      content: 'data',
    })
    expect(JSON.parse(metadata['partition-spec'] ?? '')).toEqual([
      { 'source-id': 1, 'field-id': 1000, name: 'symbol', transform: 'identity' },
      { 'source-id': 5, 'field-id': 1001, name: 'date_time_day', transform: 'day' },
    ])
    expect(JSON.parse(metadata.schema ?? '').fields).toEqual(readingsSchema.fields)
  })
})

describe('manifest lists', () => {
  it('give back every manifest', () => {
    fc.assert(
      fc.property(fc.array(manifestFile, { maxLength: 5 }), snapshotId, (manifests, id) => {
        const written = encodeManifestList({ snapshotId: id, sequenceNumber: 3 }, manifests)
        expect(decodeManifestList(written)).toEqual(manifests)
      }),
    )
  })

  it('are read by field id, whatever their writer calls the fields', () => {
    const schema = {
      type: 'record',
      name: 'manifest_file',
      fields: [
        ['manifest_path', 'string', 500],
        ['manifest_length', 'long', 501],
        ['partition_spec_id', 'int', 502],
        ['added_snapshot_id', 'long', 503],
        ['added_data_files_count', 'int', 504],
        ['existing_data_files_count', 'int', 505],
        ['deleted_data_files_count', 'int', 506],
        ['added_rows_count', 'long', 512],
        ['existing_rows_count', 'long', 513],
        ['deleted_rows_count', 'long', 514],
      ].map(([name, type, id]) => ({ name, type, 'field-id': id })),
    }
    const record = {
      manifest_path: 's3://bucket/m0.avro',
      manifest_length: 1,
      partition_spec_id: 0,
      added_snapshot_id: listed.addedSnapshotId,
      added_data_files_count: 1,
      existing_data_files_count: 0,
      deleted_data_files_count: 0,
      added_rows_count: 1,
      existing_rows_count: 0,
      deleted_rows_count: 0,
    }
    const written = encodeAvro(schema, [record], {})
    expect(decodeManifestList(written)).toEqual([{ ...listed, sequenceNumber: 0, minSequenceNumber: 0 }])
  })

  it('have their numbers beyond 2^53, however their writer puts the type', () => {
    const long = { type: 'long' }
    const types = ['long', long, ['null', long], { type: 'array', items: long }]
    const fields = types.map((type, i) => ({ name: `n${i}`, type }))
    const n = 2n ** 62n + 1n
    const rows = [{ n0: n, n1: n, n2: n, n3: [n] }]
    const { records } = decodeAvro(encodeAvro({ type: 'record', name: 'r', fields }, rows, {}), s => s)
    expect(records).toEqual(rows)
  })

  it('that are cut off, or of another codec, are unreadable', () => {
    const written = encodeManifestList({ snapshotId: 1n, sequenceNumber: 1 }, [listed])
    const otherCodec = Buffer.from(written)
    otherCodec.write('snappy!', otherCodec.indexOf('deflate'))
    for (const damaged of [written.slice(0, 50), written.slice(0, -30), Buffer.from('PAR1'), otherCodec])
      expect(() => decodeManifestList(damaged)).toThrow(UnreadableFile)
  })
})
