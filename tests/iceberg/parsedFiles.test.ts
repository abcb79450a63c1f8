import { expect, test } from 'vitest'
import { ParsedFiles, perStore } from '../../lib/iceberg/parsedFiles.ts'
import { MemoryStore } from '../support/memoryStore.ts'

const open = () => new ParsedFiles<string>(3, ({ length }) => length)

test('of what weighs more than 3 together, the one that was used last stays', () => {
  const files = open()
  files.set('a', 'x')
  files.set('b', 'x')
  files.set('c', 'x')
  expect(files.get('a')).toBe('x')
  files.set('d', 'xx')
  expect(['a', 'b', 'c', 'd'].map(path => files.get(path))).toEqual(['x', undefined, undefined, 'xx'])
})

test('what alone weighs more than 3 is not kept, and pushes nothing out', () => {
  const files = open()
  files.set('a', 'x')
  files.set('b', 'xxxx')
  expect([files.get('a'), files.get('b')]).toEqual(['x', undefined])
})

test('a file is parsed once a store, and again when it was not kept', async () => {
  const filesOf = perStore(open)
  const [store, other] = [new MemoryStore(), new MemoryStore()]
  let parsed = 0
  const parse = async () => String(++parsed)
  expect(await filesOf(store).getOr('a', parse)).toBe('1')
  expect(await filesOf(store).getOr('a', parse)).toBe('1')
  expect(await filesOf(other).getOr('a', parse)).toBe('2')
  expect(await filesOf(store).getOr('b', async () => 'xxxx')).toBe('xxxx')
  expect(await filesOf(store).getOr('b', parse)).toBe('3')
})

test('three who ask at once wait for one parse; one that failed is made again', async () => {
  const files = open()
  let parsed = 0
  const parse = async () => {
    if (++parsed === 1) throw new Error('away')
    return 'x'
  }
  const asked = await Promise.allSettled([1, 2, 3].map(() => files.getOr('a', parse)))
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(await Promise.all([1, 2, 3].map(() => files.getOr('a', parse)))).toEqual(['x', 'x', 'x'])
  expect(parsed).toBe(2)
})
