import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { BenchFailed } from './until.ts'

/** The next message of a process that does the measured work. Throws when the process ends instead. */
export async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const over = new AbortController()
  const message = once(child, 'message', over)
  const death = once(child, 'exit', over).then(([code]) => {
    throw new BenchFailed(`the measured process ended with code ${code}`)
  })
  try {
    const [answer] = await Promise.race([message, death])
    return answer
  } finally {
    over.abort()
    await Promise.allSettled([message, death])
  }
}
