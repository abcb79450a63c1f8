import { encodeLowerBound, encodeUpperBound } from '../bounds.ts'
import type { DataFile } from '../dataFile.ts'
import type { ColumnValue, Field } from '../schema.ts'
import { compareValues } from '../values.ts'
import type { Gathered } from './gather.ts'

/** What the manifests say of a file's columns, by column id. */
export type ColumnStats = Required<
  Pick<DataFile, 'columnSizes' | 'valueCounts' | 'nullCounts' | 'nanCounts' | 'lowerBounds' | 'upperBounds'>
>

type Value = NonNullable<ColumnValue>

interface Totals {
  readonly field: Field
  size: number
  values: number
  nulls: number
  nans: number
  min: Value | undefined
  max: Value | undefined
}

/** Adds up the row groups of a file. */
export class StatsBuilder {
  readonly #columns = new Map<number, Totals>()

  add(field: Field, { count, nullCount, nanCount, min, max }: Gathered, size: number): void {
    const totals = this.#columns.get(field.id) ?? empty(field)
    totals.size += size
    totals.values += count + nullCount
    totals.nulls += nullCount
    totals.nans += nanCount
    if (min !== undefined && (totals.min === undefined || compareValues(min, totals.min) < 0))
      totals.min = min
    if (max !== undefined && (totals.max === undefined || compareValues(max, totals.max) > 0))
      totals.max = max
    this.#columns.set(field.id, totals)
  }

  build(): ColumnStats {
    const all = [...this.#columns.values()]
    const doubles = all.filter(({ field }) => field.type === 'double')
    return {
      columnSizes: byId(all, ({ size }) => size),
      valueCounts: byId(all, ({ values }) => values),
      nullCounts: byId(all, ({ nulls }) => nulls),
      nanCounts: byId(doubles, ({ nans }) => nans),
      lowerBounds: byId(all, ({ field, min }) => min !== undefined && encodeLowerBound(field.type, min)),
      upperBounds: byId(all, ({ field, max }) => max !== undefined && encodeUpperBound(field.type, max)),
    }
  }
}

function empty(field: Field): Totals {
  return { field, size: 0, values: 0, nulls: 0, nans: 0, min: undefined, max: undefined }
}

function byId<Stat>(
  all: readonly Totals[],
  stat: (totals: Totals) => Stat | undefined | false,
): Map<number, Stat> {
  const stats = new Map<number, Stat>()
  for (const totals of all) {
    const value = stat(totals)
    if (value !== undefined && value !== false) stats.set(totals.field.id, value as Stat)
  }
  return stats
}
