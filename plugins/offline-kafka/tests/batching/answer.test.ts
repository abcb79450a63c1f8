import { describe, expect, it } from 'vitest'
import { readAnswer } from '../../batching/answer.ts'
import { slice } from '../support/records.ts'

const batch = [slice(0, 10, 15), slice(1, 0, 3)]
const reporting = { topic: 't', reportBatchItemFailures: true }
const plain = { topic: 't', reportBatchItemFailures: false }
const failures = (...items: [string, unknown][]) => ({
  batchItemFailures: items.map(([partition, offset]) => ({ itemIdentifier: { partition, offset } })),
})

describe('readAnswer', () => {
  it.each([[undefined], [null], [{}], [{ batchItemFailures: [] }], [{ batchItemFailures: null }]])(
    'takes %j as success',
    answer => {
      expect(readAnswer(answer, batch, reporting).size).toBe(0)
    },
  )

  it('takes any answer as success where no item failures are reported', () => {
    for (const answer of ['out of order', 5, false, []]) expect(readAnswer(answer, batch, plain).size).toBe(0)
  })

  it('gives the lowest of 3 failed offsets per partition', () => {
    const answer = failures(['t-0', 14], ['t-0', 12], ['t-1', 0])
    expect([...readAnswer(answer, batch, reporting)]).toEqual([
      [0, 12],
      [1, 0],
    ])
  })

  it.each([
    ['a partition that is not in the batch', failures(['t-2', 0])],
    ['an offset that is not in the batch', failures(['t-0', 15])],
    ['an offset as text', failures(['t-0', '12'])],
    ['a partition as a number', { batchItemFailures: [{ itemIdentifier: { partition: 0, offset: 12 } }] }],
    ['an item without identifier', { batchItemFailures: [{}] }],
    ['an item that is null', { batchItemFailures: [null] }],
    ['a good item beside a bad one', failures(['t-0', 12], ['t-9', 0])],
    ['a list that is none', { batchItemFailures: 'all' }],
    ['a text', 'all failed'],
    ['a number', 0],
    ['a list', [{ itemIdentifier: { partition: 't-0', offset: 12 } }]],
  ])('refuses %s as a whole', (_, answer) => {
    expect(() => readAnswer(answer, batch, reporting)).toThrow('batchItemFailures')
  })

  it('does not look at reported failures that the mapping did not ask for', () => {
    expect(readAnswer(failures(['t-0', 12]), batch, plain).size).toBe(0)
  })
})
