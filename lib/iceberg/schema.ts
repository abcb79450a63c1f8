const FIELD_TYPES = ['string', 'double', 'boolean', 'long', 'int', 'timestamptz'] as const
const TRANSFORM = /^(identity|void|hour|day|month|year|(bucket|truncate)\[[1-9]\d{0,8}\])$/

/** The column types that tickhouse's tables use, under Iceberg's names. */
export type FieldType = (typeof FIELD_TYPES)[number]

/** Whether a column type of a table is one that is read and written here. */
export function isFieldType(type: unknown): type is FieldType {
  return FIELD_TYPES.includes(type as FieldType)
}

/** One column. `id` never changes, whatever becomes of the name. */
export interface Field {
  readonly id: number
  readonly name: string
  readonly required: boolean
  /** Columns of other engines may have other types: check with `isFieldType`. */
  readonly type: FieldType
  readonly doc?: string
}

/** A table's columns; a table keeps all that it has ever had. */
export interface Schema {
  readonly schemaId: number
  readonly fields: readonly Field[]
}

/** How a column becomes a partition: https://iceberg.apache.org/spec/#partition-transforms */
export type Transform =
  | 'identity'
  | 'void'
  | 'hour'
  | 'day'
  | 'month'
  | 'year'
  | `bucket[${number}]`
  | `truncate[${number}]`

/** Whether a partition transform of a table is one that is read and written here. */
export function isTransform(transform: string): transform is Transform {
  return TRANSFORM.test(transform)
}

/** One column of a partition: `transform` of the column `sourceId`. Field ids begin at 1000. */
export interface PartitionField {
  readonly sourceId: number
  readonly fieldId: number
  readonly name: string
  readonly transform: Transform
}

/** How a table's rows are parted into files; a table keeps all that it has ever had. */
export interface PartitionSpec {
  readonly specId: number
  readonly fields: readonly PartitionField[]
}

/** One value of a column: microseconds since 1970 for `timestamptz`, number or bigint for `long`. */
export type ColumnValue = string | number | bigint | boolean | null

/** Values by column name, all of one length. Null only where the column is optional. */
export type Columns = Readonly<Record<string, ArrayLike<ColumnValue>>>
