import type { Retention } from '../iceberg/expire.ts'

/** Ticks are committed up to once a second and faster when catching up: more would slow down every load of the table. */
const TICKS_SNAPSHOTS = 300
/** Candles are committed once a minute. */
const CANDLES_SNAPSHOTS = 200

/** How long the snapshots of the ticks table stay on its list. */
export function ticksRetention({ retentionMs }: { readonly retentionMs: number }): Retention {
  return { keepSnapshots: TICKS_SNAPSHOTS, keepForMs: retentionMs }
}

/** How long the snapshots of the candles table stay on its list. */
export function candlesRetention({ retentionMs }: { readonly retentionMs: number }): Retention {
  return { keepSnapshots: CANDLES_SNAPSHOTS, keepForMs: retentionMs }
}
