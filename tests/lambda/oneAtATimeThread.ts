import { once } from 'node:events'
import threads, { parentPort, workerData } from 'node:worker_threads'
import { oneAtATime } from '../../lib/lambda/oneAtATime.ts'
import { Stages } from '../../lib/stages.ts'
import type { Call, Order, Said, ThreadSetup } from './oneAtATimeCaller.ts'

/** A thread as serverless-offline has one for each call that is under way. It says what becomes of its calls. */
const port = parentPort!
const { isWithoutLocks } = workerData as ThreadSetup
if (isWithoutLocks) Reflect.deleteProperty(threads, 'locks')

const say = (said: Said) => port.postMessage(said)

/** Tells when a stage begins. */
class ToldStages extends Stages {
  override time<Result>(stage: string, work: () => Promise<Result>): Promise<Result> {
    say({ said: 'waits' })
    return super.time(stage, work)
  }
}

const services = { stages: new ToldStages() }
const nameOf = (event: unknown) => (event as Call).name

async function work(leftMs: number): Promise<object> {
  say({ said: 'begun', leftMs })
  const [order] = (await once(port, 'message')) as [Order]
  if (order === 'fail') throw new Error('the work failed')
  if (order === 'exit') process.exit(3)
  if (order === 'crash') setImmediate(() => Promise.reject(new Error('a rejection that nobody awaits')))
  if (order === 'spin') for (say({ said: 'spins' }); ; );
  return order === 'end' ? {} : new Promise(() => {})
}

async function run(call: Call): Promise<void> {
  const endMs = performance.now() + call.timeMs
  const step = oneAtATime<object, typeof services>(
    { nameOf, needsMs: call.needsMs },
    (_services, _event, left) => work(left()),
  )
  try {
    const result = await step(services, call, () => endMs - performance.now())
    say({ said: 'done', result, stagesMs: services.stages.take() })
  } catch (error) {
    say({ said: 'failed', message: (error as Error).message })
  }
}

port.on('message', (message: Call | Order) => {
  if (typeof message === 'object') void run(message)
})
say({ said: 'ready' })
