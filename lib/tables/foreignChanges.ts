import { z } from 'zod'
import { HourSet } from '../market/hours.ts'
import { STORED_HOURS, storeHours } from './storedHours.ts'

/**
 * What another engine may do to a table. `rolled_back`: an earlier version was made the current one. `unknown`: snapshots
 * were taken off the list, or cannot be read, before anybody had looked at them.
 */
export type ForeignKind = (typeof FOREIGN_KINDS)[number]

export const FOREIGN_KINDS = ['appended', 'deleted', 'overwritten', 'rolled_back', 'unknown'] as const

/** How often each kind of change was seen. */
export type KindCounts = Readonly<Partial<Record<ForeignKind, number>>>

/** What another engine did to a table, more than to put the same rows into other files. */
export interface ForeignChange {
  /** Versions of the table with a lower sequence number are without it. */
  readonly sequence: number
  /** It concerns those alone who have seen a version with this sequence number or a higher one, as these were undone. */
  readonly beyond?: number | undefined
  /** When it was seen, milliseconds since 1970. */
  readonly seenMs: number
  readonly kinds: KindCounts
  /** The snapshot that did it, where it was one. */
  readonly snapshotId?: string | undefined
  readonly operation?: string | undefined
  /** The hours whose rows it may have changed; `all` where nobody can tell. */
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

/** Changes as they stand in a summary's JSON: what `STORED_CHANGES` reads. */
export function storeChanges(changes: readonly ForeignChange[]) {
  return changes.map(({ hours, ...change }) => ({
    ...change,
    hours: hours === 'all' ? ALL : storeHours(hours),
  }))
}

/** Several changes as one, of the newest's place. */
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

/** How often each kind is among the changes, added to what was counted before. */
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
