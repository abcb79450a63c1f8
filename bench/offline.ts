import { Offline } from '../sandbox/offline.ts'
import type { BenchRun } from './benches.ts'
import type { BenchWorld } from './sandbox.ts'

/** `sls offline start` with ingest alone: no fake ticks, no candles. */
export function ingestOffline({ sandbox }: BenchWorld, { onEnd }: BenchRun): Offline {
  const offline = new Offline(sandbox.settings, { FAKE_TICKS: 'false', CANDLES: 'false' })
  onEnd.defer(() => offline.stop())
  return offline
}

/** Ends it at once, as a crash does. */
export function kill(offline: Offline): void {
  const { pid } = offline
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
}
