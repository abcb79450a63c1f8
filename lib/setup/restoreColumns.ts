import type { Table } from '../iceberg/table.ts'
import { tableName } from '../iceberg/table.ts'
import type { Services } from '../services.ts'
import { ColumnDropped, checkColumns } from '../tables/checkColumns.ts'

/** Gives the table. If a required column of ours was dropped, it first makes the newest schema with all our columns current. */
export async function restoreColumns(
  { catalog, log }: Pick<Services, 'catalog' | 'log'>,
  table: Table,
): Promise<Table> {
  try {
    checkColumns(table)
    return table
  } catch (error) {
    if (!(error instanceof ColumnDropped) || error.schemaId === undefined) throw error
    const { tableUuid, currentSchemaId } = table.metadata
    log.warn(
      `schema ${error.schemaId} of ${tableName(table.ident)} is current again: a column had been dropped`,
    )
    return catalog.commit(
      table.ident,
      [
        { type: 'assert-table-uuid', uuid: tableUuid },
        { type: 'assert-current-schema-id', schemaId: currentSchemaId },
      ],
      [{ action: 'set-current-schema', schemaId: error.schemaId }],
    )
  }
}
