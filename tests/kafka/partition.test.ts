import type { PartitionMetadata } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { type PlacedMessage, stablePartitioner } from '../../lib/kafka/partition.ts'
import { partitionOf } from '../support/memoryProducers.ts'

describe('partitionOf', () => {
  // The hashes are those of Kafka's own tests of Utils.murmur2; Java's producer drops their sign bit.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['abc', 479470107],
  ])('puts key %s, of hash %i, where Java does', (key, hash) => {
    expect(partitionOf(key, 100)).toBe((hash & 0x7fffffff) % 100)
  })

  it('gives a key of bytes the place of the same text', () => {
    expect(partitionOf(Buffer.from('BNBUSD'), 7)).toBe(partitionOf('BNBUSD', 7))
  })
})

describe('stablePartitioner', () => {
  const partitionMetadata = [0, 1, 2, 3].map(partitionId => ({
    partitionId,
    leader: 0,
  })) as PartitionMetadata[]

  it('gives each of 100 keyless messages the same partition when it is asked again', () => {
    const partitioner = stablePartitioner()
    const messages = Array.from({ length: 100 }, () => ({ key: null, value: 'x' }))
    const choose = () => messages.map(message => partitioner({ topic: 't', partitionMetadata, message }))
    const first = choose()
    expect(choose()).toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(1)
  })

  it('places a message by its partition key, whatever its key is', () => {
    const place = (message: PlacedMessage) => stablePartitioner()({ topic: 't', partitionMetadata, message })
    const places = ['a', 'b', 'c', 'd'].map(key => place({ key, partitionKey: 'BNBUSD', value: 'x' }))
    expect(places).toEqual(Array(4).fill(partitionOf('BNBUSD', 4)))
    expect(new Set(['a', 'b', 'c', 'd'].map(key => place({ key, value: 'x' }))).size).toBeGreaterThan(1)
  })

  it('leaves a message in the partition that it names', () => {
    const message = { key: 'k', value: 'x', partition: 2 }
    expect(stablePartitioner()({ topic: 't', partitionMetadata, message })).toBe(2)
  })
})
