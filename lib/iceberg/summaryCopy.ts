import { z } from 'zod'
import type { Update } from './catalog.ts'
import { ancestors, type HasMetadata, type Snapshot } from './metadata.ts'

/**
 * The table property with a copy of our newest commit's summary. Other engines expire snapshots with their summaries; they do
 * not change properties.
 */
export const SUMMARY_COPY = 'tickhouse.last-summary'

const STORED_COPY = z.object({
  snapshotId: z.coerce.bigint(),
  summary: z.record(z.string(), z.string()),
})

/** The update that copies a snapshot's summary into the property, in the same commit; none for an empty summary. */
export function copySummary(
  { snapshotId }: Pick<Snapshot, 'snapshotId'>,
  summary: Readonly<Record<string, string>> = {},
): Update[] {
  if (Object.keys(summary).length === 0) return []
  const copy = JSON.stringify({ snapshotId: String(snapshotId), summary })
  return [{ action: 'set-properties', updates: { [SUMMARY_COPY]: copy } }]
}

/**
 * The copied summary, if it belongs to the snapshot just before the oldest listed ancestor; undefined otherwise. Only that link
 * proves that the copy belongs to the history: the property survives when others roll back the table, expire its snapshots, or
 * replace it.
 */
export function expiredSummary(table: HasMetadata): Readonly<Record<string, string>> | undefined {
  const oldest = [...ancestors(table)].at(-1)
  if (oldest?.parentSnapshotId === undefined) return undefined
  const copy = copyOf(table)
  return copy?.snapshotId === oldest.parentSnapshotId ? copy.summary : undefined
}

/** The copied summary, even when others have changed the history since; undefined where there is none. */
export function copiedSummary(table: HasMetadata): Readonly<Record<string, string>> | undefined {
  return copyOf(table)?.summary
}

function copyOf({ metadata }: HasMetadata): z.output<typeof STORED_COPY> | undefined {
  try {
    return STORED_COPY.parse(JSON.parse(metadata.properties[SUMMARY_COPY] ?? ''))
  } catch {
    return undefined
  }
}
