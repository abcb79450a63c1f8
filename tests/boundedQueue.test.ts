import { expect, test } from 'vitest'
import { BoundedQueue, TooBusy } from '../lib/boundedQueue.ts'

/** Pieces of work that a test ends. */
function pieces(queue: BoundedQueue) {
  const begun: number[] = []
  const ends = new Map<number, PromiseWithResolvers<number>>()
  const add = (n: number) => {
    const end = Promise.withResolvers<number>()
    ends.set(n, end)
    return queue.run(() => {
      begun.push(n)
      return end.promise
    })
  }
  return { begun, add, end: (n: number) => ends.get(n)! }
}

test('of 6 pieces 2 are done at once, 3 wait in their order, and the last is refused at once', async () => {
  const { begun, add, end } = pieces(new BoundedQueue({ atOnce: 2, maxWaiting: 3 }))
  const [first, , third] = [1, 2, 3, 4, 5].map(add)
  const refused = await add(6).catch(error => error)
  expect(refused).toBeInstanceOf(TooBusy)
  expect(refused).toMatchObject({ code: 'TOO_BUSY', retryable: true })
  expect(begun).toEqual([1, 2])
  end(1).resolve(10)
  expect(await first).toBe(10)
  await expect.poll(() => begun).toEqual([1, 2, 3])
  end(3).resolve(30)
  expect(await third).toBe(30)
  await expect.poll(() => begun).toEqual([1, 2, 3, 4])
})

test('a piece that fails makes room for the next one', async () => {
  const queue = new BoundedQueue({ atOnce: 1, maxWaiting: 1 })
  const { add, end } = pieces(queue)
  const [failing, waiting] = [add(1), add(2)]
  end(1).reject(new Error('broken'))
  await expect(failing).rejects.toThrow('broken')
  end(2).resolve(2)
  expect(await waiting).toBe(2)
  expect(await queue.run(async () => 3)).toBe(3)
})
