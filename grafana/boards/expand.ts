/** What the plugin is told besides the statement. */
export interface Shown {
  readonly from: Date
  readonly to: Date
  readonly variables: Readonly<Record<string, string>>
}

/**
 * A statement as it reaches Trino: Grafana puts the variables in, of whose one value only the quotes are doubled, then
 * the plugin `trino-datasource` 1.1.1 puts zone-less UTC times of whole seconds in for its macros.
 */
export function expand(sql: string, { from, to, variables }: Shown): string {
  const range = (column: string) => `${column} BETWEEN ${literal(from)} AND ${literal(to)}`
  const expanded = sql
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => variables[name]?.replaceAll("'", "''") ?? whole)
    .replace(/\$__timeFilter\((\w+)\)/g, (_, column: string) => range(column))
  const left = /\$\{\w+\}|\$__\w+/.exec(expanded)
  if (left !== null) throw new Error(`nothing expands ${left[0]}`)
  return expanded
}

const literal = (time: Date) => `TIMESTAMP '${time.toISOString().slice(0, 19).replace('T', ' ')}'`
