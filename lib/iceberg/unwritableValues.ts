import type { ObjectStore } from '../ports.ts'
import type { DataFile } from './dataFile.ts'
import { type OpenParquet, openParquet } from './parquet/open.ts'
import { ParsedFiles, perStore } from './parsedFiles.ts'
import { type Field, isFieldType, type Schema } from './schema.ts'

/** Files whose check one process caches. */
const MAX_FILES = 50_000

const knownOf = perStore(() => new ParsedFiles<readonly number[]>(MAX_FILES, () => 1))

/** A column of a type that is not written here and that has values in the file: a rewrite of the file would lose them. */
export async function unwritableValues(
  store: ObjectStore,
  schema: Schema,
  { path }: Pick<DataFile, 'path'>,
): Promise<Field | undefined> {
  const fields = schema.fields.filter(({ type }) => !isFieldType(type))
  if (fields.length === 0) return undefined
  const held = await knownOf(store).getOr(path, async () => heldColumns(openParquet(await store.read(path))))
  return fields.find(({ id }) => held.includes(id))
}

/** Ids of the columns that may have values, by the file's statistics. */
function heldColumns({ metadata }: OpenParquet): number[] {
  const names = new Set<string>()
  for (const { columns } of metadata.row_groups) {
    for (const { meta_data: chunk } of columns) {
      const isNull = chunk !== undefined && chunk.statistics?.null_count === chunk.num_values
      if (chunk !== undefined && !isNull) names.add(chunk.path_in_schema[0] ?? '')
    }
  }
  return metadata.schema.flatMap(({ name, field_id }) =>
    field_id !== undefined && names.has(name) ? [field_id] : [],
  )
}
