import { readFileSync } from 'node:fs'
import kafkajs from 'kafkajs'
import { beforeAll, describe, expect, it } from 'vitest'
import { registerCodecs } from '../../kafkajs/codecs.ts'
import { inflateLz4Frame } from '../../records/lz4.ts'
import { inflateSnappy } from '../../records/snappy.ts'
import { compressedRecords, readBatches } from '../support/batches.ts'

const { CompressionCodecs, CompressionTypes } = kafkajs
const codecs = [
  ['snappy', CompressionTypes.Snappy],
  ['lz4', CompressionTypes.LZ4],
  ['zstd', CompressionTypes.ZSTD],
] as const
const clients = ['java', 'librdkafka', 'kafkapython']
const cases = clients.flatMap(client => codecs.map(([name, type]) => [client, name, type] as const))

beforeAll(() => {
  registerCodecs()
  registerCodecs()
})

describe('registerCodecs', () => {
  it.each(cases)('reads the 800 records that %s has compressed with %s', async (client, name, type) => {
    const inflated = await CompressionCodecs[type]().decompress(compressedRecords(client, name))
    const texts = readBatches(inflated)
    expect(texts).toHaveLength(800)
    for (const [i, text] of texts.entries()) expect(text).toContain(`{"n":${i},"text":"the quick brown fox`)
  })

  it('writes zstd that it reads, and says of snappy and LZ4 what to use instead', async () => {
    const plain = Buffer.from('some bytes, some bytes')
    const zstd = CompressionCodecs[CompressionTypes.ZSTD]()
    expect(await zstd.decompress(await zstd.compress({ buffer: plain }))).toEqual(plain)
    const snappy = CompressionCodecs[CompressionTypes.Snappy]()
    await expect(snappy.compress({ buffer: plain })).rejects.toThrow('produce with gzip or zstd')
  })
})

describe('inflateLz4Frame', () => {
  it('follows matches from one block into the one before it, over 4 linked blocks with checksums', () => {
    const frame = readFileSync(new URL('../support/batches/linked-blocks.lz4', import.meta.url))
    const lines = Array.from(
      { length: 6000 },
      (_, i) => `line ${(i * i) % 9973} of the text that spans blocks\n`,
    )
    expect(inflateLz4Frame(frame).toString()).toBe(lines.join(''))
  })

  it('refuses bytes that are cut off anywhere, with CODEC_FAILED', () => {
    const frame = compressedRecords('java', 'lz4')
    for (const length of [0, 5, 20, 1000, frame.length - 1]) {
      expect(() => inflateLz4Frame(frame.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'CODEC_FAILED' }),
      )
    }
  })
})

describe('inflateSnappy', () => {
  it('refuses bytes that are cut off anywhere, with CODEC_FAILED', () => {
    for (const client of clients) {
      const bytes = compressedRecords(client, 'snappy')
      for (const length of [0, 3, 1000, bytes.length - 1]) {
        expect(() => inflateSnappy(bytes.subarray(0, length))).toThrow(
          expect.objectContaining({ code: 'CODEC_FAILED' }),
        )
      }
    }
  })
})
