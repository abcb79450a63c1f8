import { parquetRead } from 'hyparquet'
import type { ObjectStore } from '../../ports.ts'
import type { LiveFile } from '../dataFile.ts'
import { FileUnsupported, UnreadableFile } from '../errors.ts'
import { type OpenParquet, openParquet } from '../parquet/open.ts'
import { ParsedFiles, perStore } from '../parsedFiles.ts'
import { FILE_PATH_ID, POSITION_ID } from './positionBounds.ts'

/** Positions of deleted rows, by the path of their data file. */
type Positions = ReadonlyMap<string, Uint32Array>

/** Positions that one process caches: 8 MB. */
const MAX_KEPT = 2_000_000
/** Of a delete file with more positions, only those of the wanted data file are kept in memory. */
const MAX_READ_WHOLE = 1_000_000
const ROWS_AT_ONCE = 100_000
const MAX_BYTES = 256 * 1024 ** 2

const positionsOf = perStore(() => new ParsedFiles<Positions>(MAX_KEPT, weigh))

function weigh(positions: Positions): number {
  let weight = 1
  for (const places of positions.values()) weight += places.length + 1
  return weight
}

/** Positions that a position delete file names for the data file at `path`, in no order. Throws `FileUnsupported`. */
export async function readPositions(
  store: ObjectStore,
  deletes: LiveFile,
  path: string,
): Promise<Uint32Array> {
  if (deletes.recordCount > MAX_READ_WHOLE) return (await collect(store, deletes, path)).get(path) ?? NONE
  const all = await positionsOf(store).getOr(deletes.path, () => collect(store, deletes))
  return all.get(path) ?? NONE
}

const NONE = new Uint32Array(0)

/** All positions of the delete file, or only those of one data file. */
async function collect(store: ObjectStore, deletes: LiveFile, only?: string): Promise<Positions> {
  const places = new Map<string, number[]>()
  for await (const row of rowsOf(store, deletes)) {
    const [path, place] = placeOf(deletes, row)
    if (only !== undefined && path !== only) continue
    const known = places.get(path)
    if (known === undefined) places.set(path, [place])
    else known.push(place)
  }
  return new Map(Array.from(places, ([path, all]) => [path, Uint32Array.from(all)]))
}

/** One row of the delete file: path and position. */
function placeOf({ path }: LiveFile, row: readonly unknown[]): [path: string, place: number] {
  const [file, place] = [row[0], Number(row[1])]
  if (typeof file !== 'string' || !Number.isSafeInteger(place) || place < 0 || place >= 2 ** 32)
    throw new UnreadableFile(`delete file ${path} names row ${String(row[1])} of ${String(file)}`)
  return [file, place]
}

async function* rowsOf(store: ObjectStore, deletes: LiveFile): AsyncGenerator<readonly unknown[]> {
  const { path, format, fileSizeBytes } = deletes
  if (format !== 'PARQUET' || fileSizeBytes > MAX_BYTES)
    throw new FileUnsupported(
      `delete file ${path} is ${format} of ${fileSizeBytes} bytes; only Parquet of up to ${MAX_BYTES} is read here: ` +
        'merge it into its table (in Trino: ALTER TABLE … EXECUTE optimize)',
    )
  const parquet = openParquet(await store.read(path))
  const columns = [FILE_PATH_ID, POSITION_ID].map(id => columnNamed(parquet, path, id))
  const rows = Number(parquet.metadata.num_rows)
  for (let rowStart = 0; rowStart < rows; rowStart += ROWS_AT_ONCE) {
    yield* await readSlice(parquet, columns, rowStart, Math.min(rows, rowStart + ROWS_AT_ONCE), path)
  }
}

function columnNamed({ metadata }: OpenParquet, path: string, id: number): string {
  const column = metadata.schema.find(({ field_id }) => field_id === id)
  if (column === undefined) throw new UnreadableFile(`delete file ${path} lacks column ${id}`)
  return column.name
}

async function readSlice(
  parquet: OpenParquet,
  columns: readonly string[],
  rowStart: number,
  rowEnd: number,
  path: string,
): Promise<readonly unknown[][]> {
  let rows: unknown[][] = []
  const onComplete = (all: unknown[][]) => {
    rows = all
  }
  try {
    await parquetRead({ ...parquet, columns: [...columns], rowStart, rowEnd, onComplete })
  } catch (cause) {
    throw new UnreadableFile(`delete file ${path} cannot be read`, { cause })
  }
  return rows
}
