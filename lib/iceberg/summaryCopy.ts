import { z } from 'zod'
import type { Update } from './catalog.ts'
import { ancestors, type HasMetadata, type Snapshot } from './metadata.ts'

/**
 * A property of the table: what the newest commit of ours says in its summary, once more. Other engines expire snapshots
 * with their summaries; properties they leave alone.
 */
export const SUMMARY_COPY = 'tickhouse.last-summary'

const STORED_COPY = z.object({
  snapshotId: z.coerce.bigint(),
  summary: z.record(z.string(), z.string()),
})

/** Keeps a copy of what a snapshot says, in the commit that makes it; of one that says nothing there is none. */
export function copySummary(
  { snapshotId }: Pick<Snapshot, 'snapshotId'>,
  summary: Readonly<Record<string, string>> = {},
): Update[] {
  if (Object.keys(summary).length === 0) return []
  const copy = JSON.stringify({ snapshotId: String(snapshotId), summary })
  return [{ action: 'set-properties', updates: { [SUMMARY_COPY]: copy } }]
}

/**
 * The copied summary, where it is that of the snapshot just before the oldest ancestor that the table still lists;
 * undefined otherwise. Nothing less than that link tells whose it is: the table may have been rolled back before others
 * expired its snapshots, or replaced, and keeps the property through both.
 */
export function expiredSummary(table: HasMetadata): Readonly<Record<string, string>> | undefined {
  const text = table.metadata.properties[SUMMARY_COPY]
  const oldest = [...ancestors(table)].at(-1)
  if (text === undefined || oldest?.parentSnapshotId === undefined) return undefined
  const copy = parseCopy(text)
  return copy?.snapshotId === oldest.parentSnapshotId ? copy.summary : undefined
}

function parseCopy(text: string): z.output<typeof STORED_COPY> | undefined {
  try {
    return STORED_COPY.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
