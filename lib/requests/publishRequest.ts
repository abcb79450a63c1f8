import { z } from 'zod'
import { readRequest, requestOf } from './request.ts'

/** Checks the event of `publish`, which can be asked for nothing but all of it. Throws `BadRequest`. */
export function publishRequest(event: unknown): void {
  readRequest(z.strictObject({}), requestOf(event), 'an empty JSON object')
}
