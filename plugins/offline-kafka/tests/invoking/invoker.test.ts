import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { LocalFunction } from '../../invoking/function.ts'
import { FunctionWorker } from '../../invoking/functionWorker.ts'
import { Invoker } from '../../invoking/invoker.ts'
import { pack } from '../../invoking/parcel.ts'
import { mapping, silent, slice } from '../support/records.ts'

/** Answers, and ends its thread a moment later, before it can look at another event; only the first time. */
const HANDLER = `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
const { LOADED, DIED } = process.env
appendFileSync(LOADED, 'x')
export const handler = async () => {
  if (!existsSync(DIED)) {
    writeFileSync(DIED, '')
    setImmediate(() => {
      const endMs = Date.now() + 500
      while (Date.now() < endMs);
      process.exit(3)
    })
  }
  return 'answer'
}`

function localFunction(): LocalFunction {
  const dir = mkdtempSync(join(tmpdir(), 'invoker-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'handler.mjs'), HANDLER)
  return {
    functionKey: 'f',
    functionName: 'f',
    handler: 'handler.handler',
    codeDir: dir,
    memorySizeMb: 128,
    timeoutMs: 20_000,
    env: { LOADED: join(dir, 'loaded'), DIED: join(dir, 'died') },
  }
}
const loads = ({ env }: LocalFunction) => readFileSync(env.LOADED!, 'utf8').length

it('a worker that dies before its function got its event says so', async () => {
  const known = localFunction()
  const worker = await FunctionWorker.start(known, 20_000, () => {})
  onTestFinished(() => worker.terminate())
  const invoke = () => {
    const parcel = pack('t', ['a:9092'], [slice(0, 0, 1)], worker.memory)
    const names = { functionName: 'f', functionVersion: '1', invokedFunctionArn: 'f', memoryLimitInMB: '128' }
    const context = { ...names, awsRequestId: 'r', logGroupName: 'g', logStreamName: 's' }
    return worker.invoke({ parcel, deadlineMs: Date.now() + 20_000, context }, 20_000)
  }
  expect(await invoke()).toBe('"answer"')
  await expect(invoke()).rejects.toMatchObject({ code: 'WORKER_WAS_GONE' })
})

it('another worker gets the event of one that was gone', async () => {
  const known = localFunction()
  const invoker = new Invoker(new Map([['f', known]]), silent)
  onTestFinished(() => invoker.cleanup())
  expect(await invoker.invoke(mapping(), [slice(0, 0, 1)])).toBe('answer')
  expect(await invoker.invoke(mapping(), [slice(0, 1, 2)])).toBe('answer')
  expect(loads(known)).toBe(2)
})
