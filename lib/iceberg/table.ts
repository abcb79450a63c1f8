import type { TableMetadata } from './metadata.ts'

/** The name of a table in its catalog. */
export interface TableIdent {
  readonly namespace: string
  readonly name: string
}

/** A table as it was when it was loaded: plain data, never changed. */
export interface Table {
  readonly ident: TableIdent
  readonly metadata: TableMetadata
  readonly metadataLocation?: string
}

/** `namespace.name`, for messages. */
export function tableName({ namespace, name }: TableIdent): string {
  return `${namespace}.${name}`
}
