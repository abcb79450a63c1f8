import { describe, expect, test } from 'vitest'
import { decodeTick } from '../../lib/market/tick.ts'
import { LIMITS, outcome, RECORD_MS } from './case.ts'
import { CORPUS } from './corpus.ts'
import { throughParquet } from './throughParquet.ts'

describe.each(CORPUS.map(one => ({ ...one, outcome: outcome(one) })))(
  '$name',
  ({ value, expected, outcome }) => {
    test(outcome, async () => {
      const decoded = decodeTick(value, RECORD_MS, LIMITS)
      const found = typeof decoded === 'string' ? decoded : (await throughParquet([decoded]))[0]
      expect(found).toEqual(expected)
    })
  },
)
