import { z } from 'zod'
import { readRequest, requestOf } from './request.ts'

/** Checks the event of `publish`, which takes no options. Throws `BadRequest`. */
export function publishRequest(event: unknown): void {
  readRequest(z.strictObject({}), requestOf(event), 'an empty JSON object')
}
