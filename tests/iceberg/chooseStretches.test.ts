import { describe, expect, it } from 'vitest'
import { encodeBound } from '../../lib/iceberg/bounds.ts'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { chooseStretches } from '../../lib/iceberg/upkeep/chooseStretches.ts'
import { readingsSchema } from './fixtures.ts'

const along = readingsSchema.fields.find(({ type }) => type === 'timestamptz')!
const name = readingsSchema.fields.find(({ type }) => type === 'string')!
const LIMITS = { fileRows: 100, stretchRows: 300 }

interface Bounds {
  readonly from: number
  readonly to: number
  readonly first?: string
  readonly last?: string
  readonly month?: number
}

/** A file of 100 rows, by default with names from a to z. */
function file({ from, to, first = 'a', last = 'z', month = 0 }: Bounds): LiveFile {
  const bounds = (time: number, text: string) =>
    new Map([
      [along.id, encodeBound('timestamptz', time)],
      [name.id, encodeBound('string', text)],
    ])
  return {
    path: `${month}/${from}-${to}${first}`,
    format: 'PARQUET',
    specId: 0,
    partition: { month },
    recordCount: 100,
    fileSizeBytes: 1_000,
    snapshotId: 1n,
    sequenceNumber: 1,
    fileSequenceNumber: 1,
    lowerBounds: bounds(from, first),
    upperBounds: bounds(to, last),
  }
}

/** Files that follow one another, each ten moments long: the last moment of one is the first of the next. */
const inOrder = (count: number, month = 0) =>
  Array.from({ length: count }, (_, i) => file({ from: 10 * i, to: 10 * i + 10, month }))

function choose(files: readonly LiveFile[], untilUs = 0, isWorthIt = (_: LiveFile) => true): string[][] {
  const stretches = chooseStretches(files, { along, clusterBy: [name], ...LIMITS, isWorthIt, untilUs })
  return stretches.map(stretch => stretch.map(({ path }) => path))
}

describe('chooseStretches', () => {
  it('takes as many files as a stretch may have, and leaves what may grow', () => {
    expect(choose(inOrder(8).reverse(), 81)).toEqual([
      ['0/0-10a', '0/10-20a', '0/20-30a'],
      ['0/30-40a', '0/40-50a', '0/50-60a'],
    ])
  })

  it('takes fewer once none has come after them for as long as they are', () => {
    expect(choose(inOrder(2), 39)).toEqual([])
    expect(choose(inOrder(2), 40)).toEqual([['0/0-10a', '0/10-20a']])
  })

  it('leaves a file alone that follows nothing and is followed by nothing', () => {
    expect(choose(inOrder(1), 1_000)).toEqual([])
  })

  it('keeps partitions apart', () => {
    expect(choose([...inOrder(2), ...inOrder(2, 1)], 1_000)).toEqual([
      ['0/0-10a', '0/10-20a'],
      ['1/0-10a', '1/10-20a'],
    ])
  })

  it('leaves files that share their time: they were laid out before; and does not reach over them', () => {
    const before = file({ from: -10, to: 0 })
    const laidOut = ['a', 'h', 'p'].map(first => file({ from: 0, to: 30, first, last: `${first}z` }))
    const after = [file({ from: 30, to: 40 }), file({ from: 40, to: 50 })]
    expect(choose([before, ...laidOut, ...after], 1_000)).toEqual([['0/30-40a', '0/40-50a']])
  })

  it('leaves files of which one ends, by name, where the other begins: nothing would be gained', () => {
    const halves = [file({ from: 0, to: 10, last: 'k' }), file({ from: 10, to: 20, first: 'k' })]
    expect(choose(halves, 1_000)).toEqual([])
    const same = halves.map(({ upperBounds: _, ...rest }) => rest)
    expect(choose(same, 1_000)).toEqual([])
  })

  it('neither takes a file that is not worth it, nor reaches over it', () => {
    const [first, ...others] = inOrder(4)
    expect(choose([first!, ...others], 1_000, file => file !== others[0])).toEqual([['0/20-30a', '0/30-40a']])
  })

  it('takes files that have the same single name', () => {
    const one = [0, 10].map(from => file({ from, to: from + 10, first: 'k', last: 'k' }))
    expect(choose(one, 1_000)).toEqual([['0/0-10k', '0/10-20k']])
  })
})
