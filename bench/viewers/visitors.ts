import { fork } from 'node:child_process'
import type { BenchRun } from '../benches.ts'
import { answerOf } from '../childAnswer.ts'
import type { Question } from './candlesAnswer.ts'
import type { PageLoad } from './pageLoads.ts'
import type { Look } from './viewer.ts'

/** The viewers: their symbols, and how long they look. */
export interface Viewing {
  readonly kind: 'view'
  readonly origin: string
  /** The symbol of each viewer. */
  readonly instruments: readonly Pick<Question, 'source' | 'symbol'>[]
  readonly seconds: number
}

/** The loads of the page. */
export interface Loading {
  readonly kind: 'load'
  readonly origin: string
  readonly loads: number
}

/** All looks of all viewers. */
export interface Viewed {
  /** Looks at m1, by all viewers at the same moment. */
  readonly first: readonly Look[]
  /** The first looks at other timeframes. */
  readonly others: readonly Look[]
  readonly later: readonly Look[]
}

export interface Loaded {
  /** The number of the page's files. */
  readonly files: number
  readonly loads: readonly PageLoad[]
}

/** Runs viewers in a process of their own, so that the bench's other work does not delay them. */
export class Visitors {
  readonly #child: ReturnType<typeof fork>

  constructor({ onEnd }: Pick<BenchRun, 'onEnd'>) {
    this.#child = fork(new URL('visitorsProcess.ts', import.meta.url), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    })
    onEnd.defer(() => void this.#child.kill())
  }

  view(viewing: Omit<Viewing, 'kind'>): Promise<Viewed> {
    this.#child.send({ kind: 'view', ...viewing } satisfies Viewing)
    return answerOf(this.#child)
  }

  load(loading: Omit<Loading, 'kind'>): Promise<Loaded> {
    this.#child.send({ kind: 'load', ...loading } satisfies Loading)
    return answerOf(this.#child)
  }
}
