import { readFileSync } from 'node:fs'
import { MINUTE_US } from '../../lib/market/time.ts'
import { bucketStart, TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { timestampLiteral } from '../../lib/trino/literals.ts'
import type { BenchRun } from '../benches.ts'
import { median } from '../median.ts'
import { rounded } from '../table.ts'
import { BenchFailed } from '../until.ts'
import type { BenchWorld } from '../world.ts'
import type { MeasuredHistory } from './measuredHistory.ts'
import { serversCpuMs } from './serversCpu.ts'
import { statementsSince } from './trinoStats.ts'

const SQL = readFileSync(new URL('sql/open_bucket.sql', import.meta.url), 'utf8')

/** It takes long, and varies little. */
const ROUNDS = 3

/** The minute's candles computed the obvious way: for each timeframe from all raw ticks of the open bucket. */
export async function measureNaive(world: BenchWorld, history: MeasuredHistory, run: BenchRun) {
  const taken = []
  for (let round = 0; round <= ROUNDS; round++) {
    const sinceMs = Date.now()
    const cpuBefore = serversCpuMs(world).trino
    await computeOpenCandles(history)
    const wallMs = Date.now() - sinceMs
    const cpuMs = serversCpuMs(world).trino - cpuBefore
    const { readBytes } = await statementsSince(world, sinceMs, `.${history.name}.`)
    run.progress(`the obvious way, ${round} of ${ROUNDS}: CPU ${rounded(cpuMs / 1000, 1)} s`)
    // The first one is for warming up.
    if (round > 0) taken.push({ wallMs, cpuMs, readBytes })
  }
  return {
    wall_ms: Math.round(median(taken.map(({ wallMs }) => wallMs))),
    cpu_ms: Math.round(median(taken.map(({ cpuMs }) => cpuMs))),
    read_kb: Math.round(median(taken.map(({ readBytes }) => readBytes / 1000))),
  }
}

async function computeOpenCandles({ services, spec }: MeasuredHistory): Promise<void> {
  const minuteUs = spec.endUs - MINUTE_US
  for (const timeframe of TIMEFRAMES) {
    const rows = await services.query.rows(
      SQL.replace('{{bucket_start}}', timestampLiteral(bucketStart(timeframe, minuteUs))).replace(
        '{{minute_end}}',
        timestampLiteral(spec.endUs),
      ),
    )
    if (rows.length !== spec.symbols)
      throw new BenchFailed(`${rows.length} candles of ${timeframe.name} for ${spec.symbols} symbols`)
  }
}
