import { setTimeout as sleep } from 'node:timers/promises'
import { fakeInstruments, fakeRecord } from '../../lib/produce/fakeTicks.ts'
import type { BenchWorld } from '../world.ts'

const EVERY_MS = 100
const SYMBOLS = 10

/** Sends a tick of now every 100 ms; gives how many. */
export async function trickle({ services }: BenchWorld, seconds: number): Promise<number> {
  const { topicWriter, settings } = services
  const instruments = fakeInstruments(1, SYMBOLS)
  const startMs = Date.now()
  const count = (seconds * 1000) / EVERY_MS
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, startMs + i * EVERY_MS - Date.now()))
    await topicWriter.send([fakeRecord(settings.ticksTopic, instruments[i % SYMBOLS]!, Date.now() * 1000)])
  }
  return count
}
