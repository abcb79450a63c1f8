import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Context } from 'aws-lambda'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { oneAtATime } from '../../lib/lambda/oneAtATime.ts'
import { Stages } from '../../lib/stages.ts'
import { Caller, type Order, type ThreadSetup } from './oneAtATimeCaller.ts'

/** Those of the running test. */
const started: Caller[] = []

async function callers(count: number, setup?: ThreadSetup): Promise<Caller[]> {
  const all = await Promise.all(Array.from({ length: count }, () => Caller.start(setup)))
  started.push(...all)
  return all
}

afterEach(async () => {
  await Promise.all(started.splice(0).map(caller => caller.kill()))
})

/** A name that no other test uses. */
const unique = () => `work-${randomUUID()}`

describe('of the calls of a name', () => {
  test('one is at work, a second waits for its end, and a third is skipped', async () => {
    const name = unique()
    const [first, second, third] = await callers(3)
    await first!.begin(name)
    await second!.wait(name)
    third!.call(name)
    const { result } = await third!.says('done')
    expect(result).toEqual({ skippedBecause: `another call of ${name} is at work, and one more waits` })
    await first!.end()
    await second!.says('begun')
    await third!.wait(name)
  })

  test('one that need not wait is as if there were no turns', async () => {
    const name = unique()
    const [only] = await callers(1)
    for (let i = 0; i < 3; i++) {
      await only!.begin(name)
      only!.order('end')
      expect(await only!.says('done')).toEqual({ said: 'done', result: {}, stagesMs: {} })
    }
  })

  test('one that waited has less time left, and says how long it waited', async () => {
    const name = unique()
    const [first, second] = await callers(2)
    await first!.begin(name)
    await second!.wait(name)
    await first!.end()
    expect((await second!.says('begun')).leftMs).toBeLessThan(60_000)
    second!.order('end')
    expect((await second!.says('done')).stagesMs).toEqual({ turn: expect.any(Number) })
  })

  test('one that waits gives up while it has the time that its work would need, and keeps no place', async () => {
    const name = unique()
    const [first, second, third] = await callers(3)
    await first!.begin(name)
    second!.call(name, { timeMs: 60_000, needsMs: 59_500 })
    await second!.says('waits')
    const { result } = await second!.says('done')
    expect(result).toEqual({
      skippedBecause: `another call of ${name} is at work, longer than this one may wait`,
    })
    await third!.wait(name)
    await first!.end()
    await third!.says('begun')
  })

  test('one that fails says so, and the next one has its turn', async () => {
    const name = unique()
    const [first, second] = await callers(2)
    await first!.begin(name)
    await second!.wait(name)
    first!.order('fail')
    expect(await first!.says('failed')).toMatchObject({ message: 'the work failed' })
    await second!.says('begun')
  })
})

test('calls of different names, and those without one, wait for nobody', async () => {
  const [first, second, third, fourth] = await callers(4)
  await first!.begin(unique())
  await second!.begin(unique())
  await third!.begin(undefined)
  await fourth!.begin(undefined)
})

test('where Node has no lock manager there are no turns', async () => {
  const name = unique()
  const [first, second] = await callers(2, { isWithoutLocks: true })
  await first!.begin(name)
  await second!.begin(name)
})

describe('a thread that dies leaves nothing behind', () => {
  const deaths: Record<string, (caller: Caller) => Promise<unknown>> = {
    'is terminated': caller => caller.kill(),
    'is terminated while it computes': async caller => {
      caller.order('spin')
      await caller.says('spins')
      await caller.kill()
    },
    'ends itself': caller => obey(caller, 'exit'),
    'has an error that nobody catches': caller => obey(caller, 'crash'),
  }
  async function obey(caller: Caller, order: Order): Promise<void> {
    caller.order(order)
    await caller.exited
  }

  test.each(Object.entries(deaths))('at work, when it %s: who waits has its turn', async (_, die) => {
    const name = unique()
    const [first, second, third] = await callers(3)
    await first!.begin(name)
    await second!.wait(name)
    await die(first!)
    await second!.says('begun')
    await second!.end()
    await third!.begin(name)
  })

  test('as it waits: another may wait in its place', async () => {
    const name = unique()
    const [first, second, third] = await callers(3)
    await first!.begin(name)
    await second!.wait(name)
    await second!.kill()
    await third!.wait(name)
    await first!.end()
    await third!.says('begun')
  })

  test('at any moment, alone or with the one that waits', async () => {
    const name = unique()
    const [survivor] = await callers(1)
    for (let moment = 1; moment <= 4096; moment *= 2) {
      const [first, second] = await callers(2)
      first!.call(name)
      second!.call(name)
      for (let turn = 0; turn < moment; turn++) await nextTurn()
      await Promise.all([first!.kill(), second!.kill()])
      await survivor!.begin(name)
      await survivor!.end()
    }
  })

  test('as its turn comes', async () => {
    const name = unique()
    const [first, survivor] = await callers(2)
    // Who waits looks ten times a second: its turn comes at one of these moments, or between two.
    for (let momentMs = 0; momentMs <= 100; momentMs += 10) {
      const [second] = await callers(1)
      await first!.begin(name)
      await second!.wait(name)
      await first!.end()
      await sleep(momentMs)
      await second!.kill()
      await survivor!.begin(name)
      await survivor!.end()
    }
  })
})

describe('the functions', () => {
  type Handler = (event: unknown, context: Context) => Promise<unknown>
  const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 } as Context
  const schedule = { 'detail-type': 'Scheduled Event', source: 'aws.events' }
  const batch = JSON.parse(readFileSync(new URL('../../events/ticks.kafka.json', import.meta.url), 'utf8'))

  /** Has one call of the name at work and one that waits, for as long as a function is called. */
  async function whileTaken<Result>(name: string, call: () => Promise<Result>): Promise<Result> {
    const over = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const waits = Promise.withResolvers<void>()
    class ToldStages extends Stages {
      override time<Timed>(stage: string, work: () => Promise<Timed>): Promise<Timed> {
        waits.resolve()
        return super.time(stage, work)
      }
    }
    const step = oneAtATime<object, { stages: Stages }>({ nameOf: () => name, needsMs: 0 }, async () => {
      begun.resolve()
      await over.promise
      return {}
    })
    const first = step({ stages: new Stages() }, {}, () => 60_000)
    await begun.promise
    const second = step({ stages: new ToldStages() }, {}, () => 60_000)
    await waits.promise
    try {
      return await call()
    } finally {
      over.resolve()
      await Promise.all([first, second])
    }
  }

  const lines: Record<string, unknown>[] = []

  async function handlerOf(name: string): Promise<Handler> {
    vi.spyOn(console, 'log').mockImplementation(line => void lines.push(JSON.parse(line)))
    vi.stubEnv('STAGE', 'local')
    vi.stubEnv('ICEBERG_URI', 'http://127.0.0.1:9')
    vi.stubEnv('KAFKA_BROKERS', '127.0.0.1:9')
    return (await import(`../../functions/${name}.ts`)).handler
  }
  afterEach(() => {
    lines.length = 0
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  test.each([
    ['rollup', schedule, 'rollup'],
    ['publish', schedule, 'publish'],
    ['publish', {}, 'publish'],
    ['produce', schedule, 'produce'],
    ['ingest', { only: 'minutes-rest' }, 'ingest minutes-rest'],
    ['maintain', { only: 'compaction' }, 'maintain compaction'],
    ['maintain', { only: 'orphans' }, 'maintain orphans'],
    ['maintain', { only: 'counts' }, 'maintain counts'],
  ])('%s takes turns when called with %j', async (name, event, turn) => {
    const handler = await handlerOf(name)
    const result = await whileTaken(turn, () => handler(event, context))
    const skippedBecause = `another call of ${turn} is at work, and one more waits`
    expect(result).toEqual({ skippedBecause })
    expect(lines).toMatchObject([{ level: 'info', function: name, message: 'done', skippedBecause }])
  })

  const wrong = { ticks: 'none: who asks is told' }

  test.each([
    ['produce by hand', wrong, 'produce'],
    ['ingest of a batch', batch, 'ingest minutes-rest'],
    ['maintain of orphans', { only: 'orphans' }, 'maintain compaction'],
  ])('%s does its work beside the others', async (what, event, taken) => {
    const handler = await handlerOf(what.split(' ')[0]!)
    // It gets as far as to find out that its servers are away, or what it was asked for wrong.
    await expect(whileTaken(taken, () => handler(event, context))).rejects.toThrow()
  })
})

describe('on AWS, by serverless.yml', () => {
  const { functions } = parse(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'))

  test.each(['rollup', 'publish', 'maintain'])(
    'one call of %s runs at a time, and a failure is left to the next',
    name => {
      expect(functions[name]).toMatchObject({ reservedConcurrency: 1, maximumRetryAttempts: 0 })
    },
  )

  test.each(['rollup', 'publish'])('a call of %s waits no longer than until the next minute', name => {
    expect(functions[name].events).toMatchObject([{ schedule: { rate: 'cron(* * * * ? *)' } }])
    expect(functions[name].maximumEventAge).toBe(60)
  })

  test('a call of maintain waits for one of another schedule, however long that takes', () => {
    const { events, maximumEventAge, timeout } = functions.maintain
    expect(events).toHaveLength(3)
    expect(maximumEventAge).toBeGreaterThan(timeout)
  })
})
