import { hoursWithRows } from '../rollup/hoursWithRows.ts'
import { loadInputs } from '../rollup/rollupInputs.ts'
import { takeBack } from '../rollup/takeBack.ts'
import type { Services } from '../services.ts'
import { NOTHING_STALE } from '../tables/candlesState.ts'
import { dayOf } from '../verify/dayCandles.ts'
import { type Difference, Findings } from '../verify/findings.ts'
import { VERIFY_LIMITS, verifyTables } from '../verify/verifyTables.ts'
import { type RepairRequest, refuseHeld } from './repair.ts'

/** Which candles are told of; all without either. */
export interface Told {
  readonly source?: string | undefined
  readonly symbol?: string | undefined
}

/** What a repair would do. */
export interface WouldRepair {
  readonly hours: number
  /** Candles that would change, by what is wrong with them. */
  readonly missing: number
  readonly surplus: number
  readonly differing: number
  /** The first of them. */
  readonly differences: readonly Difference[]
}

/**
 * What a repair of the stretch would change: each candle of its days is compared with its recomputation, by the fold that `verify` has.
 * Weeks and months are compared where the days hold all of them. It changes nothing.
 */
export async function dryRun(
  services: Pick<Services, 'catalog' | 'store' | 'settings' | 'nowMs'>,
  { followTicks, ...range }: RepairRequest,
  told: Told,
  onProgress: (line: string) => void,
): Promise<WouldRepair> {
  const { store, settings, nowMs } = services
  await refuseHeld(services, range, followTicks)
  const loaded = await loadInputs(services)
  const { candles } = await takeBack(store, loaded.candles, loaded.state.candlesSequence, nowMs())
  const { held } = loaded.state
  const heldStill = followTicks ? held.minus(held.within([range])) : held
  const state = { ...loaded.state, hours: NOTHING_STALE, held: heldStill }
  const inputs = { ...loaded, candles, state }
  const findings = new Narrowed(told)
  const days = { first: dayOf(range.fromUs), last: dayOf(range.toUs - 1) }
  await verifyTables({
    store,
    inputs,
    price: settings.price,
    days,
    findings,
    limits: VERIFY_LIMITS,
    onProgress,
  })
  const hours = (await hoursWithRows(store, inputs, [range])).size
  return { hours, ...findings.counts, differences: findings.differences }
}

/** Findings of some candles alone, counted by what is wrong. */
class Narrowed extends Findings {
  readonly #told: Told
  readonly counts = { missing: 0, surplus: 0, differing: 0 }

  constructor(told: Told) {
    super()
    this.#told = told
  }

  override report(difference: Difference): void {
    const { in: where, problem, candle } = difference
    const { source = candle?.source, symbol = candle?.symbol } = this.#told
    if (where !== 'iceberg' || candle === undefined) return
    if (candle.source !== source || candle.symbol !== symbol) return
    super.report(difference)
    this.counts[problem === 'missing' || problem === 'surplus' ? problem : 'differing'] += 1
  }
}
