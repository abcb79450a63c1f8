import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from 'aws-lambda'
import { handler } from '../../functions/publish.ts'

/** The function `publish` as a warm process that is called again and again, until it is killed. */
const PAUSE_MS = 20
const TIME_MS = 60_000

// Nobody at the other end: who started it is gone.
process.stdin.on('end', () => process.exit()).resume()

console.log('ready')
for (;;) {
  const endMs = Date.now() + TIME_MS
  const context = { awsRequestId: 'faults', getRemainingTimeInMillis: () => endMs - Date.now() } as Context
  // An invocation that failed was logged; the next one goes on where readers stand.
  await handler({}, context).catch(() => {})
  await sleep(PAUSE_MS)
}
