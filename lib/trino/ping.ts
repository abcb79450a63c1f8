import { z } from 'zod'
import type { TrinoSettings } from './client.ts'
import { TrinoUnavailable } from './errors.ts'

const INFO = z.object({ starting: z.boolean() })

/** Throws `TrinoUnavailable` unless the server says that it has started; runs no statement, and needs no login. */
export async function pingTrino({
  url,
  timeoutMs = 5_000,
}: Pick<TrinoSettings, 'url' | 'timeoutMs'>): Promise<void> {
  const response = await fetch(new URL('/v1/info', url), { signal: AbortSignal.timeout(timeoutMs) }).catch(
    cause => {
      throw new TrinoUnavailable(url, 'no answer', cause)
    },
  )
  if (!response.ok) throw new TrinoUnavailable(url, `HTTP status ${response.status}`)
  if (INFO.parse(await response.json()).starting) throw new TrinoUnavailable(url, 'it is starting')
}
