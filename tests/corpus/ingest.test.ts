import { expect, test } from 'vitest'
import { ingest, newWorld, SETTINGS, stateOf, storedTicks } from '../support/world.ts'
import { RECORD_MS, tickText } from './case.ts'
import { CORPUS } from './corpus.ts'

const BAD = CORPUS.filter(({ expected }) => typeof expected === 'string')

test(`${BAD.length} bad records do not delay the ${BAD.length} good ones beside them: 1 call, 1 commit`, async () => {
  const world = await newWorld()
  world.clock.nowMs = RECORD_MS
  const values = BAD.flatMap(({ value }) => [value, Buffer.from(tickText({}))])
  const contents = values.map(value => ({ value, timestampMs: RECORD_MS }))
  world.log.append(SETTINGS.ticksTopic, 0, contents)
  const records = contents.map((content, offset) => ({ ...content, offset, key: null, headers: {} }))

  const result = await ingest(world, [{ topic: SETTINGS.ticksTopic, partition: 0, records }])

  expect(result).toEqual({ ticks: BAD.length, deadLetters: BAD.length, skipped: 0, commits: 1 })
  const good = values.flatMap((_, offset) => (offset % 2 === 1 ? [`0/${offset}`] : []))
  expect(await storedTicks(world)).toEqual(good.sort())
  const { totals } = await stateOf(world)
  const reasons = Map.groupBy(BAD, ({ expected }) => String(expected))
  expect(totals.deadLetters).toEqual(
    Object.fromEntries([...reasons].map(([reason, cases]) => [reason, cases.length])),
  )
})
