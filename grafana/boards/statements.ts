import type { Dashboard, Panel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'

/** A statement that a board sends to Trino. */
export interface Statement {
  /** The panel's title, or the variable's name. */
  readonly name: string
  readonly rawSQL: string
  /** How far back the panel looks, such as `3h`; undefined where it follows the board. */
  readonly range: string | undefined
}

/** All that the panels and variables of a board ask of Trino. */
export function statementsOf(board: Dashboard): Statement[] {
  const panels = (board.panels ?? []) as Panel[]
  const variables: readonly VariableModel[] = board.templating.list ?? []
  return [
    ...variables.flatMap(({ type, name, query }) =>
      type === 'query' ? [{ name: `variable ${name}`, rawSQL: String(query), range: undefined }] : [],
    ),
    ...panels.flatMap(({ title = '', targets = [], timeFrom }) =>
      targets.map(target => ({
        name: title,
        rawSQL: (target as unknown as { rawSQL: string }).rawSQL,
        range: timeFrom,
      })),
    ),
  ]
}
