import { readFileSync } from 'node:fs'
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'

/** The data source that the viewer has chosen in the variable `datasource`. */
export const TRINO: DataSourceRef = { type: 'trino-datasource', uid: '${datasource}' }

/**
 * The statement of `grafana/sql/NAME.sql`, without the comment that heads it; `timeframe` is a literal, or Grafana's
 * variable when left out.
 */
export function sql(name: string, timeframe = '${timeframe}'): string {
  const text = readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), 'utf8')
  return text
    .replace(/^(--.*\n)+/, '')
    .replaceAll('{{timeframe}}', timeframe)
    .trimEnd()
}

/** The plugin's numbers for its formats; names in their place are an error 500. */
const TABLE = 1

interface TrinoQuery extends Dataquery {
  readonly refId: string
  readonly datasource: DataSourceRef
  readonly rawSQL: string
  readonly format: typeof TABLE
}

/** A statement of the plugin `trino-datasource`, which the SDK does not know; rows come as a table. */
export function trinoQuery(rawSQL: string): Builder<Dataquery> {
  const query = { refId: 'A', datasource: TRINO, rawSQL, format: TABLE } satisfies Omit<
    TrinoQuery,
    keyof Dataquery
  >
  // The marker is for the type system alone: as a function it would not be in the JSON anyway.
  return { build: () => query as unknown as TrinoQuery }
}
