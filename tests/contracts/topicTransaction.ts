import { describe, expect, it } from 'vitest'
import { Fenced, TransactionNotOpen } from '../../lib/kafka/errors.ts'
import type { RecordTransaction } from '../../lib/kafka/transaction.ts'
import type { OutgoingRecord, TopicLog } from '../../lib/ports.ts'

/** A place to run transactions in, and to look at what readers see of them. */
export interface TransactionWorld {
  readonly log: TopicLog
  createTopic(partitionCount: number): Promise<string>
  transaction(transactionalId: string): RecordTransaction
}

function record(topic: string, value: string): OutgoingRecord {
  return { topic, partition: 0, key: 'key', value }
}

/** What every `RecordTransaction` must do; `world` is asked once per test. */
export function transactionContract(world: () => TransactionWorld): void {
  const visible = async (topic: string) => {
    const values: string[] = []
    for (let offset = 0; ; ) {
      const found = await world().log.firstFrom(topic, 0, offset)
      if (!found) return values
      values.push(Buffer.from(found.value ?? '').toString())
      offset = found.offset + 1
    }
  }
  const newId = () => `id-${crypto.randomUUID()}`

  describe('a record transaction', () => {
    it('shows 2 records in each of 2 topics after the commit, and none before', async () => {
      const topics = [await world().createTopic(1), await world().createTopic(1)]
      const transaction = world().transaction(newId())
      await transaction.open()
      await transaction.send(topics.map(topic => record(topic, 'a')))
      await transaction.send(topics.map(topic => record(topic, 'b')))
      expect(await Promise.all(topics.map(visible))).toEqual([[], []])
      await transaction.commit()
      await expect.poll(() => Promise.all(topics.map(visible))).toEqual(Array(2).fill(['a', 'b']))
    })

    it('never shows what was aborted, and works again at its next open', async () => {
      const topic = await world().createTopic(1)
      const transaction = world().transaction(newId())
      await transaction.open()
      await transaction.send([record(topic, 'x')])
      await transaction.abort()
      await transaction.open()
      await transaction.send([record(topic, 'a')])
      await transaction.commit()
      await expect.poll(() => visible(topic)).toEqual(['a'])
    })

    it('has all of its last commit visible as soon as it is open again, 10 times in a row', async () => {
      const topic = await world().createTopic(1)
      const transaction = world().transaction(newId())
      for (let round = 0; round < 10; round++) {
        await transaction.open()
        const last = await world().log.last(topic, 0)
        expect(last && Buffer.from(last.value!).toString()).toBe(round === 0 ? undefined : String(round - 1))
        await transaction.send([record(topic, String(round))])
        await transaction.commit()
      }
    })

    it('fences the older of 2 at its send and at its commit, and lets it work again at its next open', async () => {
      const topic = await world().createTopic(1)
      const id = newId()
      const [older, newer] = [world().transaction(id), world().transaction(id)]
      await older.open()
      await older.send([record(topic, 'x')])
      await newer.open()
      await expect(older.commit()).rejects.toThrow(Fenced)
      await older.open()
      await expect(newer.send([record(topic, 'y')])).rejects.toThrow(Fenced)
      await older.send([record(topic, 'a')])
      await older.commit()
      await expect.poll(() => visible(topic)).toEqual(['a'])
      await newer.close()
    })

    it('refuses to send and to commit what was not opened, and aborts it without complaint', async () => {
      const topic = await world().createTopic(1)
      const transaction = world().transaction(newId())
      await transaction.abort()
      await expect(transaction.send([record(topic, 'a')])).rejects.toThrow(TransactionNotOpen)
      await expect(transaction.commit()).rejects.toThrow(TransactionNotOpen)
    })

    it('commits nothing without complaint', async () => {
      const transaction = world().transaction(newId())
      await transaction.open()
      await transaction.commit()
    })
  })
}
