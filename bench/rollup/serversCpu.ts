import { usageOf } from '../processTree.ts'
import type { BenchWorld } from '../world.ts'

/** CPU time that Trino and the store have used since they started, milliseconds. */
export function serversCpuMs({ sandbox: { servers } }: BenchWorld) {
  const cpuMs = (pid: number | undefined) => usageOf(pid ?? 0).cpuS * 1000
  return { trino: cpuMs(servers.trino.pid), store: cpuMs(servers.seaweedfs.pid) }
}
