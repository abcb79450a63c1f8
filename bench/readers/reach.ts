import { TickhouseError } from '../../lib/errors.ts'

/** The servers that readers ask, by the variables that lead to them. */
const SERVERS = ['ICEBERG_URI', 'S3_ENDPOINT', 'TRINO_URL'] as const

/** No server answers where one should be. */
export class NoSandbox extends TickhouseError {
  constructor(variable: string, url: string | undefined, cause: unknown) {
    super(
      'NO_SANDBOX',
      `Nothing answers at ${url} (${variable}). Start a sandbox with npm start, or its servers alone with ` +
        'npm run sandbox -- up. One on other ports is found when those are set here as they are for it.',
      { cause },
    )
  }
}

/** Makes sure that the servers answer, before anything is installed or read. Throws `NoSandbox`. */
export async function requireServers(env: NodeJS.ProcessEnv): Promise<void> {
  for (const variable of SERVERS) {
    const url = env[variable]
    try {
      // Any answer will do: the readers log in by themselves.
      await fetch(String(url), { signal: AbortSignal.timeout(10_000) })
    } catch (error) {
      throw new NoSandbox(variable, url, error)
    }
  }
}
