import { z } from 'zod'

/*
 * Lambda's event filtering: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
 * A Kafka mapping filters on `value` only: https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html
 */
type Scalar = string | number | boolean | null
type Bound = '=' | '>' | '>=' | '<' | '<='
type Condition =
  | Scalar
  | { prefix: string }
  | { suffix: string }
  | { 'equals-ignore-case': string }
  | { 'anything-but': Scalar[] }
  | { numeric: (Bound | number)[] }
  | { exists: boolean }
type Rule = Condition[] | { [field: string]: Rule } | { $or: Rule[] }

/** `{ value: … }`: conditions on plain text, or a tree of conditions on the fields of a JSON object. */
export interface FilterPattern {
  value?: Rule | undefined
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])
const condition: z.ZodType<Condition> = z.union([
  scalar,
  z.strictObject({ prefix: z.string() }),
  z.strictObject({ suffix: z.string() }),
  z.strictObject({ 'equals-ignore-case': z.string() }),
  z.strictObject({ 'anything-but': z.union([scalar.transform(one => [one]), z.array(scalar)]) }),
  z.strictObject({
    numeric: z
      .array(z.union([z.enum(['=', '>', '>=', '<', '<=']), z.number()]))
      .min(2)
      .max(4),
  }),
  z.strictObject({ exists: z.boolean() }),
])
const rule: z.ZodType<Rule> = z.lazy(() =>
  z.union([
    z.array(condition).min(1),
    z.strictObject({ $or: z.array(rule).min(1) }),
    z.record(z.string(), rule),
  ]),
)

/** Checks one of `filterPatterns`; what this plugin does not know is refused, not ignored. */
export const filterPattern: z.ZodType<FilterPattern> = z.strictObject({ value: rule.optional() })

/** Whether a record with this value goes to the function. A JSON pattern drops text, a text pattern drops JSON, both drop null. */
export function passesFilters(filters: readonly FilterPattern[], value: Buffer | null): boolean {
  if (filters.length === 0) return true
  const content = readContent(value)
  return filters.some(({ value: wanted }) => {
    if (wanted === undefined) return true
    if (content === undefined) return false
    if (Array.isArray(wanted)) return typeof content === 'string' && matchesAny(wanted, content)
    return typeof content === 'object' && matches(wanted, content)
  })
}

/** The JSON object that the value holds, else its text; undefined for null. */
function readContent(value: Buffer | null): object | string | undefined {
  if (value === null) return undefined
  const text = value.toString()
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : text
  } catch {
    return text
  }
}

function matches(wanted: Rule, content: unknown): boolean {
  if (Array.isArray(wanted)) return matchesAny(wanted, content)
  return Object.entries(wanted).every(([field, inner]) => {
    if (field === '$or') return (inner as Rule[]).some(one => matches(one, content))
    return matches(inner as Rule, fieldOf(content, field))
  })
}

function fieldOf(content: unknown, name: string): unknown {
  if (typeof content !== 'object' || content === null || !Object.hasOwn(content, name)) return undefined
  return (content as Record<string, unknown>)[name]
}

/** An array in the record matches when one of its elements does. */
function matchesAny(conditions: readonly Condition[], content: unknown): boolean {
  const values = Array.isArray(content) ? content : [content]
  return conditions.some(one => values.some(value => holds(one, value)))
}

function holds(wanted: Condition, value: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return value === wanted
  if ('exists' in wanted) return (value !== undefined) === wanted.exists
  if ('anything-but' in wanted)
    return value !== undefined && !wanted['anything-but'].includes(value as Scalar)
  if ('numeric' in wanted) return typeof value === 'number' && inBounds(wanted.numeric, value)
  if (typeof value !== 'string') return false
  if ('prefix' in wanted) return value.startsWith(wanted.prefix)
  if ('suffix' in wanted) return value.endsWith(wanted.suffix)
  return value.toLowerCase() === wanted['equals-ignore-case'].toLowerCase()
}

const compare: Record<Bound, (value: number, bound: number) => boolean> = {
  '=': (value, bound) => value === bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
}

/** `[">", 0, "<=", 100]`: pairs of an operator and a bound, all of which hold. */
function inBounds(bounds: readonly (Bound | number)[], value: number): boolean {
  for (let i = 0; i + 1 < bounds.length; i += 2) {
    if (!compare[bounds[i] as Bound](value, bounds[i + 1] as number)) return false
  }
  return true
}
