import { boards } from './boards/boards.ts'
import { catchup } from './catchup/catchup.ts'
import { freshness } from './freshness/freshness.ts'
import { ingest } from './ingest/ingest.ts'
import { latency } from './latency/latency.ts'
import { rollup } from './rollup/rollup.ts'
import { scrape } from './scrape/scrape.ts'
import { soak } from './soak/soak.ts'
import { viewers } from './viewers/viewers.ts'

/** What a bench is handed. */
export interface BenchRun {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  /** Takes what must be undone however the bench ends. */
  readonly onEnd: AsyncDisposableStack
  progress(line: string): void
}

/** Figures by what was measured, then by name; names end in their unit. */
export type Results = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Something that can be measured with one command. */
export interface Bench {
  readonly usage: string
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>
  /** Throws when what was written is not what it should be. */
  measure(run: BenchRun): Promise<Results>
}

/** By name; another bench is one more row. */
export const BENCHES = {
  ingest,
  freshness,
  latency,
  rollup,
  catchup,
  soak,
  boards,
  scrape,
  viewers,
} satisfies Record<string, Bench>

export function isBenchName(name: string): name is keyof typeof BENCHES {
  return Object.hasOwn(BENCHES, name)
}
