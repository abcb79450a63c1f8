import { z } from 'zod'
import { HourSet } from '../market/hours.ts'
import { STORED_HOURS, storeHours } from './storedHours.ts'

/**
 * Kinds of changes by other engines. `rolled_back`: an earlier version was made the current one. `unknown`: snapshots were
 * expired, or their files were gone, before tickhouse inspected them.
 */
export type ForeignKind = (typeof FOREIGN_KINDS)[number]

export const FOREIGN_KINDS = ['appended', 'deleted', 'overwritten', 'rolled_back', 'unknown'] as const

/** How often each kind of change was seen. */
export type KindCounts = Readonly<Partial<Record<ForeignKind, number>>>

/** A change of a table's rows by another engine. Moving the same rows into other files is not a change. */
export interface ForeignChange {
  /** Versions of the table with a lower sequence number do not have this change. */
  readonly sequence: number
  /** Of a rollback: the lowest undone sequence number. It concerns only readers of that version or a later one. */
  readonly beyond?: number | undefined
  /** When it was seen, milliseconds since 1970. */
  readonly seenMs: number
  readonly kinds: KindCounts
  /** The snapshot that made the change, if a single one did. */
  readonly snapshotId?: string | undefined
  readonly operation?: string | undefined
  /** Hours whose rows may have changed; `all` where it cannot be known. */
  readonly hours: HourSet | 'all'
}

const ALL = '*'
const COUNT = z.int().nonnegative()

export const STORED_KINDS = z.partialRecord(z.enum(FOREIGN_KINDS), COUNT)

export const STORED_CHANGES = z.array(
  z.object({
    sequence: COUNT,
    beyond: COUNT.optional(),
    seenMs: z.int(),
    kinds: STORED_KINDS,
    snapshotId: z.string().optional(),
    operation: z.string().optional(),
    hours: z.union([z.literal(ALL).transform(() => 'all' as const), STORED_HOURS]),
  }),
)

/** Changes in the form of a summary's JSON, which `STORED_CHANGES` reads. */
export function storeChanges(changes: readonly ForeignChange[]) {
  return changes.map(({ hours, ...change }) => ({
    ...change,
    hours: hours === 'all' ? ALL : storeHours(hours),
  }))
}

/** Several changes as one, with the sequence number and time of the newest. */
export function joinChanges(changes: readonly ForeignChange[]): ForeignChange {
  return {
    sequence: Math.max(...changes.map(({ sequence }) => sequence)),
    seenMs: Math.max(...changes.map(({ seenMs }) => seenMs)),
    kinds: countKinds(changes),
    hours: changes.reduce<ForeignChange['hours']>((all, { hours }) => {
      return all === 'all' || hours === 'all' ? 'all' : all.union(hours)
    }, HourSet.EMPTY),
  }
}

/** Counts the changes by kind, and adds them to the counts before. */
export function countKinds(changes: readonly ForeignChange[], before: KindCounts = {}): KindCounts {
  const counts: Partial<Record<ForeignKind, number>> = { ...before }
  for (const { kinds } of changes) {
    for (const [kind, n] of Object.entries(kinds)) {
      const key = kind as ForeignKind
      counts[key] = (counts[key] ?? 0) + n
    }
  }
  return counts
}
