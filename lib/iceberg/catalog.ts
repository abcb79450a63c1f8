import type { Snapshot } from './metadata.ts'
import type { PartitionSpec, Schema } from './schema.ts'
import type { Table, TableIdent } from './table.ts'

/** What must hold for a commit to be applied; otherwise it throws `CommitConflict` and nothing changes. */
export type Requirement =
  | { readonly type: 'assert-table-uuid'; readonly uuid: string }
  /** Null: the ref must not exist yet. */
  | { readonly type: 'assert-ref-snapshot-id'; readonly ref: string; readonly snapshotId: bigint | null }
  | { readonly type: 'assert-current-schema-id'; readonly schemaId: number }
  | { readonly type: 'assert-default-spec-id'; readonly specId: number }

/** One change of a table's metadata; those of one commit are applied together or not at all. */
export type Update =
  | { readonly action: 'add-snapshot'; readonly snapshot: Snapshot }
  | {
      readonly action: 'set-snapshot-ref'
      readonly ref: string
      readonly type: 'branch' | 'tag'
      readonly snapshotId: bigint
    }
  | { readonly action: 'remove-snapshots'; readonly snapshotIds: readonly bigint[] }
  /** Properties that are not named stay as they are. */
  | { readonly action: 'set-properties'; readonly updates: Readonly<Record<string, string>> }
  | { readonly action: 'set-current-schema'; readonly schemaId: number }

/** How a table begins. */
export interface TableDefinition {
  readonly schema: Schema
  readonly spec: PartitionSpec
  readonly properties: Readonly<Record<string, string>>
}

/** The one place that knows which metadata of a table is current. */
export interface Catalog {
  /** Makes the namespace unless it is there. */
  createNamespace(name: string): Promise<void>
  /** Makes the table, empty and without a snapshot; a table that is there already is loaded as it is. */
  createTable(ident: TableIdent, definition: TableDefinition): Promise<Table>
  /** The newest version of a table. Throws `TableMissing` when there is none. */
  loadTable(ident: TableIdent): Promise<Table>
  /**
   * Applies all updates in one request when all requirements hold, and gives the table as it is then.
   * Throws `CommitConflict` (not applied), `CommitUnknown` (maybe applied) or `CommitRejected` (never will be).
   */
  commit(ident: TableIdent, requirements: readonly Requirement[], updates: readonly Update[]): Promise<Table>
}
