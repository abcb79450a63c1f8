import { setTimeout as sleep } from 'node:timers/promises'
import type { Harm } from './harm.ts'

/** Longer than Kafka waits for a member of the group that has gone silent: `sessionTimeoutMs` of the event source. */
const EXPELLED_AFTER_MS = 7_000

export const KILLS: readonly Harm[] = [
  {
    name: 'function host killed',
    strike: ({ host }) => host.kill(),
    repair: ({ host }) => host.start(),
  },
  {
    name: 'function host frozen',
    async strike({ host, random }) {
      host.freeze()
      await sleep(random.pick([500, 2_000, EXPELLED_AFTER_MS]))
      host.thaw()
    },
  },
  {
    name: 'Kafka killed',
    strike: ({ servers }) => servers.kafka.kill(),
    repair: ({ servers }) => servers.kafka.start(),
  },
  {
    name: 'store and catalog killed',
    strike: ({ servers }) => servers.seaweedfs.kill(),
    repair: ({ servers }) => servers.seaweedfs.start(),
  },
]
