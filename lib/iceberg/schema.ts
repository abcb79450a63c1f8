const fieldTypes = ['string', 'double', 'boolean', 'long', 'int', 'timestamptz'] as const
const transforms = ['identity', 'day', 'month'] as const

/** The column types that tickhouse's tables use, under Iceberg's names. */
export type FieldType = (typeof fieldTypes)[number]

/** Whether a column type of a table is one that is read and written here. */
export function isFieldType(type: unknown): type is FieldType {
  return fieldTypes.includes(type as FieldType)
}

/** One column. `id` never changes, whatever becomes of the name. */
export interface Field {
  readonly id: number
  readonly name: string
  readonly required: boolean
  readonly type: FieldType
  readonly doc?: string
}

export interface Schema {
  readonly schemaId: number
  readonly fields: readonly Field[]
}

export type Transform = (typeof transforms)[number]

/** Whether a partition transform of a table is one that is read and written here. */
export function isTransform(transform: unknown): transform is Transform {
  return transforms.includes(transform as Transform)
}

/** One column of a partition: `transform` of the column `sourceId`. Field ids begin at 1000. */
export interface PartitionField {
  readonly sourceId: number
  readonly fieldId: number
  readonly name: string
  readonly transform: Transform
}

export interface PartitionSpec {
  readonly specId: number
  readonly fields: readonly PartitionField[]
}

/** One value of a column: microseconds since 1970 for `timestamptz`, number or bigint for `long`. */
export type ColumnValue = string | number | bigint | boolean | null

/** Values by column name, all of one length. Null only where the column is optional. */
export type Columns = Readonly<Record<string, ArrayLike<ColumnValue>>>
