/** Text as SQL, whatever it contains. Throws `RangeError` for a lone surrogate, which would arrive as another text. */
export function textLiteral(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('the text is not well-formed Unicode')
  return `'${text.replaceAll("'", "''")}'`
}

/**
 * Runs a statement with a value for each `?` in it, in their order; the values are literals. So what people wrote is
 * never part of the statement's own text. https://trino.io/docs/current/sql/execute-immediate.html
 */
export function withParameters(statement: string, literals: readonly string[]): string {
  return `EXECUTE IMMEDIATE ${textLiteral(statement)} USING ${literals.join(', ')}`
}
