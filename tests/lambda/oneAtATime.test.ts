import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
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
