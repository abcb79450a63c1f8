import { describe, expect, it } from 'vitest'
import { filterPattern, passesFilters } from '../../config/filter.ts'

const passes = (pattern: unknown, value: unknown) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return passesFilters([filterPattern.parse(pattern)], value === null ? null : Buffer.from(text))
}

describe('passesFilters', () => {
  it.each([
    ['equal text', { value: { a: ['x'] } }, { a: 'x' }, { a: 'y' }],
    ['one of 2', { value: { a: ['x', 2] } }, { a: 2 }, { a: '2' }],
    ['null', { value: { a: [null] } }, { a: null }, {}],
    ['prefix', { value: { a: [{ prefix: 'ab' }] } }, { a: 'abc' }, { a: 'ba' }],
    ['suffix', { value: { a: [{ suffix: 'c' }] } }, { a: 'abc' }, { a: 'cb' }],
    ['any case', { value: { a: [{ 'equals-ignore-case': 'Ab' }] } }, { a: 'aB' }, { a: 'b' }],
    ['anything but', { value: { a: [{ 'anything-but': ['x', 'y'] }] } }, { a: 'z' }, { a: 'y' }],
    ['a range', { value: { a: [{ numeric: ['>', 0, '<=', 5] }] } }, { a: 5 }, { a: 0 }],
    ['existence', { value: { a: [{ exists: true }] } }, { a: false }, { b: 1 }],
    ['absence', { value: { a: [{ exists: false }] } }, { b: 1 }, { a: null }],
    ['nested and both', { value: { a: { b: [1], c: [2] } } }, { a: { b: 1, c: 2 } }, { a: { b: 1 } }],
    ['either field', { value: { $or: [{ a: [1] }, { b: [1] }] } }, { b: 1 }, { a: 2, b: 2 }],
    ['an element of an array', { value: { a: ['x'] } }, { a: ['w', 'x'] }, { a: ['w'] }],
    ['plain text', { value: [{ prefix: 'ERROR' }] }, 'ERROR: it', 'INFO: it'],
    ['text where JSON is wanted, dropped', { value: { a: ['x'] } }, { a: 'x' }, 'a = x'],
    ['JSON where text is wanted, dropped', { value: ['x'] }, 'x', { x: 'x' }],
    ['a tombstone, dropped', { value: { a: [{ exists: false }] } }, {}, null],
  ])('%s', (_, pattern, match, miss) => {
    expect(passes(pattern, match)).toBe(true)
    expect(passes(pattern, miss)).toBe(false)
  })

  it('passes all without filters, and what one of 2 filters matches', () => {
    expect(passesFilters([], null)).toBe(true)
    const filters = [{ value: { a: [1] } }, { value: { b: [1] } }]
    expect(passesFilters(filters, Buffer.from('{"b":1}'))).toBe(true)
  })

  it('refuses an operator that it does not know', () => {
    expect(filterPattern.safeParse({ value: { a: [{ wildcard: 'a*' }] } }).success).toBe(false)
    expect(filterPattern.safeParse({ key: ['x'] }).success).toBe(false)
  })
})
