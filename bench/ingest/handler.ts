import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { KafkaEvent } from '../../lib/lambda/kafkaEvent.ts'
import type { BenchRun } from '../benches.ts'
import { answerOf } from '../childAnswer.ts'
import { usageOf } from '../processTree.ts'
import { rounded } from '../table.ts'
import type { BenchWorld } from '../world.ts'
import { packagedHandler } from './bundle.ts'
import { checkTable } from './checkTable.ts'
import { eventsOf } from './events.ts'

/** What one invocation took in its process; building and delivering the event are not among it. */
export interface Invoked {
  readonly wallMs: number
  readonly cpuUs: number
}

/** Feeds the whole topic to the packaged handler, one event at a time, in a process of its own. */
export async function measureHandler(world: BenchWorld, ticks: number, run: BenchRun) {
  const child = await startHandler(world, run)
  let wallMs = 0
  let cpuUs = 0
  let invocations = 0
  run.progress('the handler alone …')
  for await (const event of eventsOf(world)) {
    const invoked = await invoke(child, event)
    wallMs += invoked.wallMs
    cpuUs += invoked.cpuUs
    invocations += 1
  }
  const { peakBytes } = usageOf(child.pid!)
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
  return {
    ticks,
    wall_s: rounded(wallMs / 1000),
    ticks_per_s: Math.round(ticks / (wallMs / 1000)),
    ms_per_batch: rounded(wallMs / invocations, 1),
    cpu_s_per_million: rounded(cpuUs / ticks),
    peak_rss_mb: Math.round(peakBytes / 1e6),
    ...(await checkTable(world, ticks)),
  }
}

async function startHandler({ sandbox }: BenchWorld, run: BenchRun): Promise<ChildProcess> {
  const bundle = await packagedHandler(run)
  const child = fork(new URL('handlerProcess.ts', import.meta.url), [bundle], {
    env: { ...process.env, ...sandbox.env },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  run.onEnd.defer(() => void child.kill())
  await answerOf(child)
  return child
}

function invoke(child: ChildProcess, event: KafkaEvent): Promise<Invoked> {
  child.send(event)
  return answerOf(child)
}
