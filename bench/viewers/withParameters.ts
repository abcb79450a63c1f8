import { textLiteral } from '../../lib/trino/literals.ts'

/**
 * Runs a statement with a value for each `?` in it, in their order; the values are literals. So what people wrote is
 * never part of the statement's own text. https://trino.io/docs/current/sql/execute-immediate.html
 */
export function withParameters(statement: string, literals: readonly string[]): string {
  return `EXECUTE IMMEDIATE ${textLiteral(statement)} USING ${literals.join(', ')}`
}
