import { pathToFileURL } from 'node:url'
import type { Handler } from 'aws-lambda'
import type { Invoked } from './handler.ts'

/** Imports the handler module named on the command line; calls it with each event that comes, and answers what that took. */
const { handler } = (await import(pathToFileURL(process.argv[2]!).href)) as { handler: Handler }

const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 } as Parameters<Handler>[1]

process.on('message', async event => {
  const startedMs = performance.now()
  const before = process.cpuUsage()
  await handler(event, context, () => undefined)
  const { user, system } = process.cpuUsage(before)
  process.send!({ wallMs: performance.now() - startedMs, cpuUs: user + system } satisfies Invoked)
})
process.on('disconnect', () => process.exit())
process.send!('ready')
