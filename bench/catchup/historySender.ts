import { fork } from 'node:child_process'
import type { BenchRun } from '../benches.ts'
import { BenchFailed } from '../until.ts'
import type { BenchWorld } from '../world.ts'
import type { HistoryStretch } from './lateTicks.ts'

/** A history on its way to Kafka, from a process of its own: live ticks need not wait for that one's hands. */
export class HistorySender {
  /** Ticks that Kafka has acknowledged. */
  sent = 0
  /** When it had all of them; undefined before. */
  sentMs: number | undefined
  #failure: BenchFailed | undefined

  constructor({ sandbox }: BenchWorld, stretch: HistoryStretch, { onEnd }: BenchRun) {
    const child = fork(new URL('historyProcess.ts', import.meta.url), [JSON.stringify(stretch)], {
      env: { ...process.env, ...sandbox.env, STAGE: 'local' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    onEnd.defer(() => void child.kill())
    child.on('message', sent => {
      this.sent = Number(sent)
      if (this.sent === stretch.ticks) this.sentMs = Date.now()
    })
    child.on('exit', code => {
      if (this.sentMs === undefined) this.#failure = new BenchFailed(`the sender ended with code ${code}`)
    })
  }

  /** As `sentMs`. Throws when the process has ended before. */
  check(): number | undefined {
    if (this.#failure) throw this.#failure
    return this.sentMs
  }
}
