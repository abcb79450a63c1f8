import { describe, expect, test } from 'vitest'
import { readWaitLimits } from '../settings.ts'

describe('custom.offline-http', () => {
  test('has defaults, and takes numbers as texts, as variables give them', () => {
    expect(readWaitLimits(undefined)).toEqual({ maxWaiting: 64, maxWaitMs: 5_000 })
    expect(readWaitLimits({ 'offline-http': { maxWaiting: '0' } })).toEqual({
      maxWaiting: 0,
      maxWaitMs: 5_000,
    })
  })

  test.each([{ maxWaiting: -1 }, { maxWaitMs: 0.5 }, { maxWaitMs: 'soon' }, { atOnce: 3 }])(
    'is refused as %o, by the name of the key, until that is corrected',
    wrong => {
      const refused = () => readWaitLimits({ 'offline-http': wrong })
      expect(refused).toThrow(expect.objectContaining({ code: 'MISCONFIGURED_HTTP' }))
      expect(refused).toThrow(Object.keys(wrong)[0])
      expect(() => readWaitLimits({ 'offline-http': {} })).not.toThrow()
    },
  )
})
