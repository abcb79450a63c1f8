import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { TickhouseError } from '../../lib/errors.ts'
import { install, type PackageName } from './install.ts'
import { parseReport, type TableReport } from './report.ts'

/** One script each, and the packages that it imports. PyIceberg first: it chooses the snapshots that all others read. */
export const READERS = {
  pyiceberg: ['python'],
  duckdb: ['python'],
  trino: ['python'],
  spark: ['spark', 'sparkJars'],
} as const satisfies Record<string, readonly PackageName[]>

export type ReaderName = keyof typeof READERS

/** A reader's script ended with an error. */
export class ReaderFailed extends TickhouseError {
  constructor(reader: ReaderName, output: string, dirs: Iterable<string>) {
    super(
      'READER_FAILED',
      `${reader} could not read the tables: ${complaint(output)}\n` +
        'Are the servers up (npm run sandbox -- status), and are there tables (npm run set-up)? ' +
        `If the reader itself is damaged, remove ${[...dirs].join(', ')} and try again.`,
    )
  }
}

/** The end of what a program said when it failed, without the places in its code. */
function complaint(output: string): string {
  const lines = output.split('\n').filter(line => /^(?!Traceback)\S/.test(line))
  return lines.slice(-4).join('\n')
}

/** Which tables to read, and where: as the scripts in this folder take them. */
export interface ReadRequest {
  /** `namespace.table`, or `namespace.table@snapshot`. */
  tables: readonly string[]
  /** How many rows of one symbol; the scripts' own bound when left out. */
  limit?: number
  /** Whose rows; those of the first symbol when both are left out. */
  symbol?: string
  source?: string
  /** The variables that lead to the servers. */
  env: NodeJS.ProcessEnv
  cacheDir: string
  onProgress: (line: string) => void
}

/** Runs one reader, installing it when needed, and gives what it found, by table. Throws `ReaderFailed`. */
export async function read(reader: ReaderName, request: ReadRequest): Promise<Map<string, TableReport>> {
  const dirs = new Map<PackageName, string>()
  for (const name of READERS[reader])
    dirs.set(name, await install(request.cacheDir, name, request.onProgress))

  const script = fileURLToPath(new URL(`read_${reader}.py`, import.meta.url))
  const args = [script, ...options(request), ...request.tables]
  const python = {
    PYTHONPATH: [...dirs.values()].join(delimiter),
    PYTHONPYCACHEPREFIX: join(request.cacheDir, 'readers', 'compiled'),
  }
  const env = { ...request.env, ...python, ...(await sparkEnv(dirs)) }
  const child = spawn('python3', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', reject),
  )
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (code !== 0) throw new ReaderFailed(reader, errors, dirs.values())
  return parseReport(output)
}

function options(request: ReadRequest): string[] {
  return (['limit', 'symbol', 'source'] as const).flatMap(name =>
    request[name] === undefined ? [] : [`--${name}=${request[name]}`],
  )
}

/** Spark takes its jars from this variable: https://spark.apache.org/docs/latest/api/python/ */
async function sparkEnv(dirs: ReadonlyMap<PackageName, string>): Promise<NodeJS.ProcessEnv> {
  const dir = dirs.get('sparkJars')
  if (dir === undefined) return {}
  const jars = (await readdir(dir)).filter(name => name.endsWith('.jar')).map(name => join(dir, name))
  return { PYSPARK_SUBMIT_ARGS: `--driver-memory 1g --jars ${jars.join(',')} pyspark-shell` }
}
