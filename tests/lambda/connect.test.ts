import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Counts the files of Kafka's client that a new process has loaded: after it has built its connections, and after it used some. */
const SCRIPT = `
import { createRequire } from 'node:module'
import { connect } from './lib/lambda/connect.ts'
import { readConfig } from './lib/lambda/config.ts'
const { cache } = createRequire(import.meta.url)
const count = () => Object.keys(cache).filter(path => path.includes('/kafkajs/')).length
await import('./functions/candles.ts')
const counts = [count()]
const services = connect(readConfig({}), {})
await services.close()
counts.push(count())
await services.candleWriter.close()
counts.push(count())
await services.close()
console.log(JSON.stringify(counts))
`

test('Kafka’s client is loaded by its first use, and neither by GET /candles nor by the connections', async () => {
  const args = ['--input-type=module', '--eval', SCRIPT]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT })
  const [built, closed, used] = JSON.parse(stdout)
  expect([built, closed]).toEqual([0, 0])
  expect(used).toBeGreaterThan(100)
})
