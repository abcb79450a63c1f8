import { afterAll, beforeEach, expect, test } from 'vitest'
import { sandboxSettings } from '../integration/sandbox.ts'
import { SHORT_CASES } from './cases.ts'
import { openWorld, type World } from './world.ts'

/** The short form of `npm run others -- --cases`. */
let world: World | undefined

beforeEach(async () => {
  const { lake } = sandboxSettings()
  world ??= await openWorld({ lake, onProgress: line => console.log(`[others] ${line}`) })
}, 600_000)
afterAll(() => world?.close())

test.each(SHORT_CASES)('$name: other candles go on, and all is right afterwards', async one => {
  const played = world!
  world = undefined // After findings the next case would have them as well.
  const findings = await one.play(played)
  if (findings.length > 0) await played.close()
  else world = played
  expect(findings).toEqual([])
})

test('and verify finds nothing', async () => {
  expect(await world!.verify()).toMatchObject({ code: 0 })
})
