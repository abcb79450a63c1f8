import { z } from 'zod'
import type { WaitLimits } from './concurrencyLimit.ts'
import { MisconfiguredHttp } from './errors.ts'
import type { ServerlessHost } from './host.ts'

const KEY = 'offline-http'

const schema = z.strictObject({
  /** Calls of one function that may wait for their turn. */
  maxWaiting: z.coerce.number().int().min(0).default(64),
  /** The longest time that a call waits, milliseconds. */
  maxWaitMs: z.coerce.number().int().min(0).default(5_000),
})

/** Reads `custom.offline-http`; a missing one means the defaults. Throws `MisconfiguredHttp` naming each bad key. */
export function readWaitLimits(custom: Readonly<Record<string, unknown>> | undefined): WaitLimits {
  const parsed = schema.safeParse(custom?.[KEY] ?? {})
  if (parsed.success) return parsed.data
  throw new MisconfiguredHttp(`custom.${KEY} in serverless.yml:\n${z.prettifyError(parsed.error)}`)
}

/** Teaches osls the keys, so that `configValidationMode: error` accepts them. */
export function extendSchema({ configSchemaHandler }: ServerlessHost): void {
  const count = { anyOf: [{ type: 'integer' }, { type: 'string' }] }
  configSchemaHandler.defineCustomProperties({
    properties: {
      [KEY]: {
        type: 'object',
        properties: { maxWaiting: count, maxWaitMs: count },
        additionalProperties: false,
      },
    },
  })
}
