import type { BenchWorld } from '../world.ts'

/** What Trino says of a finished statement. */
export interface StatementStats {
  readonly cpuMs: number
  /** Of data files; manifests are not among it. */
  readonly readBytes: number
}

interface QueryInfo {
  readonly query: string
  readonly queryStats: {
    readonly createTime: string
    readonly totalCpuTime: string
    readonly physicalInputDataSize: string
  }
}

/** All statements since a moment whose text has the given words, together. */
export async function statementsSince(
  { sandbox }: BenchWorld,
  sinceMs: number,
  words: string,
): Promise<StatementStats> {
  const answer = await fetch(`${sandbox.env.TRINO_URL}/v1/query`, { headers: { 'x-trino-user': 'bench' } })
  const queries = ((await answer.json()) as QueryInfo[]).filter(
    ({ query, queryStats }) => query.includes(words) && Date.parse(queryStats.createTime) >= sinceMs,
  )
  return {
    cpuMs: queries.reduce((sum, { queryStats }) => sum + milliseconds(queryStats.totalCpuTime), 0),
    readBytes: queries.reduce((sum, { queryStats }) => sum + bytes(queryStats.physicalInputDataSize), 0),
  }
}

const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
}
const BYTES: Readonly<Record<string, number>> = { B: 1, kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }

/** Of `85.20ms`, as Trino writes durations. */
export function milliseconds(text: string): number {
  return inUnits(text, MILLISECONDS)
}

/** Of `1.5MB`, as Trino writes sizes. */
export function bytes(text: string): number {
  return inUnits(text, BYTES)
}

function inUnits(text: string, units: Readonly<Record<string, number>>): number {
  const { number, unit } = /^(?<number>[\d.]+)(?<unit>[a-zA-Z]+)$/.exec(text)?.groups ?? {}
  return Number(number) * (units[unit ?? ''] ?? Number.NaN)
}
