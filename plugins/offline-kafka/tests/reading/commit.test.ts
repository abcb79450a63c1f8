import { describe, expect, it } from 'vitest'
import { Committer } from '../../reading/commit.ts'
import { silent } from '../support/records.ts'

describe('Committer', () => {
  it('sends the newest offset of each partition, one request at a time', async () => {
    const sent: [number, number][][] = []
    const committer = new Committer(async offsets => {
      sent.push([...offsets])
    }, silent)
    committer.mark(0, 1)
    committer.mark(0, 2)
    committer.mark(1, 5)
    await committer.flush(1000)
    expect(sent).toEqual([
      [[0, 1]],
      [
        [0, 2],
        [1, 5],
      ],
    ])
  })

  it('tries again after an error, without a partition that was forgotten meanwhile', async () => {
    const sent: [number, number][][] = []
    const committer = new Committer(async offsets => {
      sent.push([...offsets])
      if (sent.length === 1) throw new Error('rebalancing')
    }, silent)
    committer.mark(0, 1)
    committer.mark(1, 1)
    committer.forget(0)
    await committer.flush(5000)
    expect(sent.slice(1)).toEqual([[[1, 1]]])
  })

  it('gives up waiting after 50 ms when Kafka is away', async () => {
    const committer = new Committer(() => Promise.reject(new Error('away')), silent)
    committer.mark(0, 1)
    const startMs = Date.now()
    await committer.flush(50)
    expect(Date.now() - startMs).toBeLessThan(5_000)
    committer.forget(0)
  })
})
