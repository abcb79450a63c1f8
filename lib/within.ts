import { TickhouseError } from './errors.ts'

/** The result of `work`, or `TookTooLong` once `timeoutMs` have passed; the work itself goes on, and nobody waits for it. */
export async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TookTooLong(timeoutMs)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Something gave no answer in the time that it was given; asked again, it may. */
export class TookTooLong extends TickhouseError {
  constructor(timeoutMs: number) {
    super('TOOK_TOO_LONG', `no answer within ${timeoutMs} ms`, { retryable: true })
  }
}
