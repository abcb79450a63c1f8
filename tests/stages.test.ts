import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Stages } from '../lib/stages.ts'

async function* asyncOf(...numbers: number[]) {
  yield* numbers
}

test('what is timed twice is summed up, a failure too, and taken once', async () => {
  const stages = new Stages()
  expect(await stages.time('read', () => setTimeout(20, 'rows'))).toBe('rows')
  const fails = stages.time('read', async () => {
    await setTimeout(20)
    throw new Error('gone')
  })
  await expect(fails).rejects.toThrow('gone')
  await stages.time('send', async () => {})
  expect(await Array.fromAsync(stages.each('list', asyncOf(1, 2)))).toEqual([1, 2])
  const taken = stages.take()
  expect(taken.read).toBeGreaterThanOrEqual(38)
  expect(taken.send).toBeLessThan(taken.read!)
  expect(taken).toHaveProperty('list')
  expect(stages.take()).toEqual({})
})
