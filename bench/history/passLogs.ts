import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { OffsetVector } from '../../lib/tables/offsetVector.ts'
import type { Sandbox } from '../../sandbox/startSandbox.ts'

/**
 * Moves the logs of topics that were never written on to a vector, as if its records had been sent and retention had removed
 * them: so ingest and rollup find the topic that the vector speaks of, and what is sent next lies above it. Kafka is
 * stopped meanwhile: an empty log begins where the name of its segment says.
 */
export async function passLogs(
  { settings, servers }: Pick<Sandbox, 'settings' | 'servers'>,
  vectors: ReadonlyMap<string, OffsetVector>,
): Promise<void> {
  await servers.kafka.stop()
  for (const [topic, { positions }] of vectors) {
    for (const { partition, next } of positions) {
      const dir = join(settings.dataDir, 'kafka', 'log', `${topic}-${partition}`)
      for (const file of readdirSync(dir).filter(name => name.startsWith(segmentOf(0)))) {
        renameSync(join(dir, file), join(dir, file.replace(segmentOf(0), segmentOf(next))))
      }
    }
  }
  await servers.kafka.start()
}

function segmentOf(offset: number): string {
  return String(offset).padStart(20, '0')
}
