import { fork } from 'node:child_process'
import type { BenchRun } from '../benches.ts'
import { answerOf } from '../childAnswer.ts'
import type { Question } from './candlesAnswer.ts'
import type { PageLoad } from './pageLoads.ts'
import type { Look } from './viewer.ts'

/** What viewers shall look at, and for how long. */
export interface Viewing {
  readonly kind: 'view'
  readonly origin: string
  /** Each one's symbol. */
  readonly instruments: readonly Pick<Question, 'source' | 'symbol'>[]
  readonly seconds: number
}

/** How often the page shall be loaded. */
export interface Loading {
  readonly kind: 'load'
  readonly origin: string
  readonly loads: number
}

/** All looks of all viewers. */
export interface Viewed {
  /** Of m1, by all of them at the same moment. */
  readonly first: readonly Look[]
  /** The first ones of other timeframes. */
  readonly others: readonly Look[]
  readonly later: readonly Look[]
}

export interface Loaded {
  /** How many files the page has. */
  readonly files: number
  readonly loads: readonly PageLoad[]
}

/** Viewers in a process of their own: what else the bench does must not keep their answers waiting. */
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
