import { beforeEach, describe, expect, test } from 'vitest'
import { KafkaRefused, KafkaUnavailable } from '../../lib/kafka/errors.ts'
import { dueNow, stillPending } from '../../lib/rollup/pendingCloses.ts'
import type { PendingClose } from '../../lib/tables/candlesState.ts'
import { advance, EMPTY_VECTOR, type OffsetVector } from '../../lib/tables/offsetVector.ts'
import { failingTopicLog } from '../support/failingTopicLog.ts'
import { MemoryTopicLog } from '../support/memoryTopicLog.ts'
import { SETTINGS } from '../support/world.ts'

const { ticksTopic } = SETTINGS
const MINUTE = 60_000_000
let topicLog: MemoryTopicLog
beforeEach(() => {
  topicLog = new MemoryTopicLog()
  topicLog.createTopic(ticksTopic, 2)
})

function vector(epoch: number, ...nexts: number[]): OffsetVector {
  const positions = nexts.map((next, partition) => ({ epoch, partition, next, timestampMs: 0 }))
  return advance({ ...EMPTY_VECTOR, epoch }, positions)
}
const close = (minute: number, ends: OffsetVector): PendingClose => ({ dueUs: minute * MINUTE, ends })
const due = (at: OffsetVector, ...closes: PendingClose[]) =>
  dueNow({ topicLog, settings: SETTINGS }, at, closes)

describe('dueNow', () => {
  test('candles close up to the latest minute whose ends are reached in every partition', async () => {
    topicLog.append(ticksTopic, 0, Array(9).fill({}))
    topicLog.append(ticksTopic, 1, Array(9).fill({}))
    const closes = [close(1, vector(0, 3, 3)), close(2, vector(0, 5, 4)), close(3, vector(0, 9, 9))]
    expect(await due(vector(0, 5, 4), ...closes)).toBe(2 * MINUTE)
    expect(await due(vector(0, 5, 3), ...closes)).toBe(MINUTE)
    expect(await due(vector(0, 9, 2), ...closes)).toBeUndefined()
    expect(await due(vector(0, 9, 9), ...closes)).toBe(3 * MINUTE)
  })

  test('offsets of markers and aborted records are not waited for', async () => {
    const transaction = topicLog.begin()
    transaction.append(ticksTopic, 0, [{}, {}])
    transaction.abort()
    expect(await due(vector(0), close(1, vector(0, 3, 0)))).toBe(MINUTE)
  })

  test('a record behind markers is waited for', async () => {
    const transaction = topicLog.begin()
    transaction.append(ticksTopic, 0, [{}])
    transaction.abort()
    topicLog.append(ticksTopic, 0, [{}])
    expect(await due(vector(0), close(1, vector(0, 3)))).toBeUndefined()
    expect(await due(vector(0), close(1, vector(0, 2)))).toBe(MINUTE)
  })

  test('while Kafka does not answer, what the vector has reached is due, and what markers may hold up waits', async () => {
    const away = failingTopicLog(new KafkaUnavailable('reading', 'no broker'))
    const closes = [close(1, vector(0, 3)), close(2, vector(0, 5))]
    const dueAt = (next: number) => dueNow({ topicLog: away, settings: SETTINGS }, vector(0, next), closes)
    expect([await dueAt(2), await dueAt(4), await dueAt(5)]).toEqual([undefined, MINUTE, 2 * MINUTE])
  })

  test('a refusal of Kafka’s is told: it will not end by itself', async () => {
    const refusing = failingTopicLog(new KafkaRefused('reading', 'no right'))
    const asked = dueNow({ topicLog: refusing, settings: SETTINGS }, vector(0, 2), [close(1, vector(0, 3))])
    await expect(asked).rejects.toMatchObject({ code: 'KAFKA_REFUSED' })
  })

  test('a partition that was added later does not hold an earlier minute up', async () => {
    topicLog.append(ticksTopic, 1, [{}, {}])
    expect(await due(vector(0, 4), close(1, vector(0, 4)))).toBe(MINUTE)
    expect(await due(vector(0, 4), close(1, vector(0, 4, 2)))).toBeUndefined()
  })

  test('closes of an earlier epoch are over, those of this one want its ticks and the earlier ones', async () => {
    topicLog.append(ticksTopic, 0, Array(9).fill({}))
    const both = advance({ ...vector(0, 7), epoch: 1 }, vector(1, 2).positions)
    const late = advance({ ...vector(0, 6), epoch: 1 }, vector(1, 2).positions)
    expect(await due(both, close(1, vector(0, 9)))).toBeUndefined()
    expect(await due(both, close(2, both))).toBe(2 * MINUTE)
    expect(await due(late, close(2, both))).toBeUndefined()
  })
})

describe('stillPending', () => {
  const minutes = (closes: readonly PendingClose[]) => closes.map(({ dueUs }) => dueUs / MINUTE)
  const ends = vector(0, 1)

  test('keeps what is not closed, once a minute, the ends that were seen first', () => {
    const closes = [close(3, ends), close(2, ends), close(3, vector(0, 9)), close(1, ends)]
    expect(stillPending(closes, ends, MINUTE)).toEqual([close(2, ends), close(3, ends)])
  })

  test('of a long wait every other minute, the earliest and the latest always', () => {
    let closes: PendingClose[] = []
    for (let minute = 1; minute <= 500; minute++) {
      closes = stillPending([...closes, close(minute, ends)], ends, 0)
      expect(closes.length).toBeLessThanOrEqual(8)
      expect(minutes(closes).at(0)).toBe(1)
      expect(minutes(closes).at(-1)).toBe(minute)
    }
  })

  test('drops those of an earlier epoch', () => {
    expect(stillPending([close(1, ends)], vector(1), 0)).toEqual([])
  })
})
