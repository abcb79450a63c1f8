import { describe, expect, test, vi } from 'vitest'
import { ConcurrencyLimit } from '../concurrencyLimit.ts'

/** Calls that a test ends. */
function calls(limit: ConcurrencyLimit) {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const call = (name: string) =>
    limit.run(
      () =>
        new Promise<string>(resolve => {
          begun.push(name)
          ends.set(name, () => resolve(name))
        }),
      'refused',
    )
  const end = (name: string) => ends.get(name)!()
  return { begun, call, end }
}

describe('ConcurrencyLimit', () => {
  test('2 at once: the third begins when one ends, and they begin in the order in which they came', async () => {
    const { begun, call, end } = calls(new ConcurrencyLimit(2, { maxWaiting: 2, maxWaitMs: 60_000 }))
    const all = ['a', 'b', 'c', 'd'].map(call)
    await Promise.resolve()
    expect(begun).toEqual(['a', 'b'])
    end('b')
    expect(await all[1]).toBe('b')
    await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'c']))
    end('c')
    await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'c', 'd']))
    end('a')
    end('d')
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('one more than may wait is refused at once; when the line is shorter, the next one may wait', async () => {
    const { begun, call, end } = calls(new ConcurrencyLimit(1, { maxWaiting: 1, maxWaitMs: 60_000 }))
    const [first, second] = [call('a'), call('b')]
    expect(await call('c')).toBe('refused')
    end('a')
    await first
    await vi.waitFor(() => expect(begun).toEqual(['a', 'b']))
    const fourth = call('d')
    end('b')
    await second
    await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'd']))
    end('d')
    expect(await fourth).toBe('d')
  })

  test('one that has waited too long is refused, and takes no place afterwards', async () => {
    const { begun, call, end } = calls(new ConcurrencyLimit(1, { maxWaiting: 5, maxWaitMs: 20 }))
    const first = call('a')
    expect(await call('b')).toBe('refused')
    end('a')
    await first
    const third = call('c')
    await vi.waitFor(() => expect(begun).toEqual(['a', 'c']))
    end('c')
    expect(await third).toBe('c')
  })

  test('one that fails leaves its place to the next', async () => {
    const limit = new ConcurrencyLimit(1, { maxWaiting: 5, maxWaitMs: 60_000 })
    const failing = limit.run(() => Promise.reject(new Error('broken')), 'refused')
    const next = limit.run(async () => 'next', 'refused')
    await expect(failing).rejects.toThrow('broken')
    expect(await next).toBe('next')
  })
})
