import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** What the figures were taken on, and how busy it was. */
export function machine() {
  return {
    cores: availableParallelism(),
    model: cpus()[0]?.model ?? 'unknown',
    memory_gb: Math.round(totalmem() / 2 ** 30),
    load_1m: Number(loadavg()[0]!.toFixed(2)),
    node: process.version,
  }
}
