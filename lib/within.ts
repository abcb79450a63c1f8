import { TickhouseError } from './errors.ts'

/** The result of `work`, or `TooSlow` once `timeoutMs` have passed; the work itself goes on, and nobody waits for it. */
export async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooSlow(timeoutMs)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Something gave no answer in the time that it was given. */
export class TooSlow extends TickhouseError {
  constructor(timeoutMs: number) {
    super('TOO_SLOW', `no answer within ${timeoutMs} ms`, { retryable: true })
  }
}
