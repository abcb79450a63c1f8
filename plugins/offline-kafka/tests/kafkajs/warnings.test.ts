import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silenceNegativeTimeouts } from '../../kafkajs/warnings.ts'

describe('silenceNegativeTimeouts', () => {
  const printed: string[] = []
  const usual = process.listeners('warning')
  const listenWith = (listeners: typeof usual) => {
    process.removeAllListeners('warning')
    for (const listener of listeners) process.on('warning', listener)
  }
  beforeAll(() => listenWith([({ name }) => printed.push(name)]))
  afterAll(() => listenWith(usual))
  const warn = async (timeoutMs: number, name: string) => {
    printed.length = 0
    process.emitWarning(`${timeoutMs} is a negative number.\nTimeout duration was set to 1.`, name)
    await new Promise(setImmediate)
    return printed
  }

  it("hides kafkajs's minus the clock and no other negative timeout, called twice or once", async () => {
    silenceNegativeTimeouts()
    silenceNegativeTimeouts()
    expect(await warn(-1 - Date.now(), 'TimeoutNegativeWarning')).toEqual([])
    expect(await warn(-5, 'TimeoutNegativeWarning')).toEqual(['TimeoutNegativeWarning'])
  })

  it('hides no warning of another name', async () => {
    expect(await warn(-1 - Date.now(), 'SomeWarning')).toEqual(['SomeWarning'])
  })
})
