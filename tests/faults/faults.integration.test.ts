import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { HARMS } from './harms/index.ts'
import { random } from './random.ts'
import { playRound } from './round.ts'
import { openWorld, type World } from './world/world.ts'

/** The short run of `npm run faults`: every harm once, always with the same choices. */
const SEED = 1

const chance = random(SEED)
let world: World
let isSpoilt = true
beforeEach(async () => {
  if (!isSpoilt) return
  await world?.close()
  world = await openWorld(chance, line => console.log(`[faults] ${line}`))
  isSpoilt = false
}, 600_000)
afterAll(() => world?.close())

describe('every good tick once, every bad one on the dead-letter topic, while ticks stream in and this happens:', () => {
  test.each(HARMS)('$name', { timeout: 900_000 }, async harm => {
    isSpoilt = true // A round that throws leaves a world in which the next one would fail as well.
    const { findings } = await playRound(world, harm).catch(error => {
      throw new Error(`${error.message}\nThe function host's last words:\n${world.host.lastWords()}`, {
        cause: error,
      })
    })
    isSpoilt = false
    expect(findings).toEqual([])
  })

  test('and afterwards the whole table equals the whole log', async () => {
    expect(await world.oracle.lookAtAll()).toEqual([])
    expect(world.oracle.log.records.length).toBeGreaterThan(HARMS.length)
  })
})
