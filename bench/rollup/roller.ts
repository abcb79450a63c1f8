import { fork } from 'node:child_process'
import type { BenchRun } from '../benches.ts'
import { answerOf } from '../childAnswer.ts'
import { usageOf } from '../processTree.ts'
import type { MeasuredHistory } from './measuredHistory.ts'

/** What one rollup took in its process. */
export interface RolledUp {
  readonly wallMs: number
  readonly cpuMs: number
  /** Of the store, by our own code. */
  readonly readBytes: number
  readonly rounds: number
  readonly changed: number
  readonly behind: number
}

/** A warm process that rolls one history up. */
export interface Roller {
  rollUp(nowMs: number): Promise<RolledUp>
  /** Ends it; gives the memory that it held at its worst. */
  end(): number
}

export async function startRoller({ name, env }: MeasuredHistory, { onEnd }: BenchRun): Promise<Roller> {
  const child = fork(new URL('rollupProcess.ts', import.meta.url), [name], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  onEnd.defer(() => void child.kill())
  await answerOf(child)
  return {
    rollUp: nowMs => {
      child.send(nowMs)
      return answerOf<RolledUp>(child)
    },
    end: () => {
      const { peakBytes } = usageOf(child.pid!)
      child.disconnect()
      return peakBytes
    },
  }
}
