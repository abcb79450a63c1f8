import { percentilesMs } from '../percentile.ts'
import type { PageLoad } from './pageLoads.ts'
import type { Look } from './viewer.ts'

/** Goals for fifty viewers on two cores, as README promises them. */
export const GOALS = {
  firstLookP95Ms: 1_000,
  laterLookP95Ms: 150,
  pageLoadP95Ms: 1_000,
  rollupLaterMs: 500,
  memoryMb: 1_000,
  errors: 0,
} as const

/** Times of the successful looks, and the count of the others by error. */
export function looksFigures(looks: readonly Look[], goalP95Ms: number) {
  const errors = looks.flatMap(({ error }) => (error === undefined ? [] : [error]))
  const good = looks.filter(({ error }) => error === undefined)
  return {
    count: looks.length,
    unchanged: good.filter(({ candles }) => candles === undefined).length,
    ...timesFigures(good, goalP95Ms),
    ...errorsFigures(errors),
  }
}

/** Like `looksFigures`, but the time of a load with an error counts too. */
export function loadsFigures(loads: readonly PageLoad[], files: number) {
  return {
    count: loads.length,
    files,
    ...timesFigures(loads, GOALS.pageLoadP95Ms),
    ...errorsFigures(loads.flatMap(({ errors }) => errors)),
  }
}

function timesFigures(took: readonly { readonly tookMs: number }[], goal_p95_ms: number) {
  return { ...percentilesMs(took.map(({ tookMs }) => tookMs)), goal_p95_ms }
}

function errorsFigures(errors: readonly string[]): Record<string, number> {
  const byWhat = [...Map.groupBy(errors, error => error)].map(([error, some]) => [
    `errors_${error}`,
    some.length,
  ])
  return { errors: errors.length, ...Object.fromEntries(byWhat) }
}
