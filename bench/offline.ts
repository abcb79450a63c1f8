import { Offline } from '../sandbox/offline.ts'
import type { BenchRun } from './benches.ts'
import type { BenchWorld } from './world.ts'

/** `sls offline start` with ingest alone: no fake ticks, no candles. */
export function ingestOffline(world: BenchWorld, run: BenchRun): Offline {
  return offlineWith(world, run, { FAKE_TICKS: 'false', CANDLES: 'false' })
}

/** `sls offline start` with all functions but the fake ticks. */
export function pipelineOffline(world: BenchWorld, run: BenchRun): Offline {
  return offlineWith(world, run, { FAKE_TICKS: 'false', CANDLES: 'true' })
}

function offlineWith({ sandbox }: BenchWorld, { onEnd }: BenchRun, env: Record<string, string>): Offline {
  const offline = new Offline(sandbox.settings, env)
  onEnd.defer(() => offline.stop())
  return offline
}

/** Ends it at once, as a crash does. */
export function kill(offline: Offline): void {
  const { pid } = offline
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
}
