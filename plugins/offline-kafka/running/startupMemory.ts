import { Session } from 'node:inspector/promises'

/**
 * Gives back what starting has taken: loading the framework leaves V8 with a young generation of more than 100 MB, which it
 * would keep, and fill, for as long as records pass through. Takes about 0.1 s of CPU time, once.
 */
export async function releaseStartupMemory(): Promise<void> {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.collectGarbage')
  session.disconnect()
}
