import { array, assert, integer, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { OffsetSet } from '../../lib/rebuild/offsetSet.ts'

test('has what was added and no more, and says what is missing, whatever is added in which order', () => {
  const adding = record({ at: integer({ min: -5, max: 200_100 }), length: integer({ min: 1, max: 70_000 }) })
  const run = { from: 3, to: 200_000 }
  assert(
    property(array(adding, { maxLength: 6 }), stretches => {
      const set = new OffsetSet(run)
      const model = new Set<number>()
      for (const { at, length } of stretches) {
        for (let offset = at; offset < at + length; offset++) {
          const isNew = offset >= run.from && offset < run.to && !model.has(offset)
          if (set.add(offset) !== isNew) throw new Error(`${offset} is ${isNew ? 'new' : 'there'}`)
          if (isNew) model.add(offset)
        }
      }
      expect(set.size).toBe(model.size)
      const missing: number[] = []
      for (const { from, to } of set.missing()) for (let i = from; i < to; i++) missing.push(i)
      expect(missing.length + model.size).toBe(run.to - run.from)
      expect(missing.some(offset => model.has(offset) || set.has(offset))).toBe(false)
      expect(missing.every((offset, i) => i === 0 || offset > missing[i - 1]!)).toBe(true)
    }),
    { numRuns: 15 },
  )
})

test('gives a stretch that is missing across chunks as one', () => {
  const set = new OffsetSet({ from: 0, to: 1_000_000 })
  set.add(10)
  set.add(900_000)
  expect([...set.missing()]).toEqual([
    { from: 0, to: 10 },
    { from: 11, to: 900_000 },
    { from: 900_001, to: 1_000_000 },
  ])
})

test('of a run of 2 million that are all there lacks none, and takes no bits for whole chunks', () => {
  const set = new OffsetSet({ from: 0, to: 65_536 * 32 })
  for (let offset = 0; offset < 65_536 * 32; offset++) set.add(offset)
  expect([...set.missing()]).toEqual([])
  expect(set.add(77)).toBe(false)
})
