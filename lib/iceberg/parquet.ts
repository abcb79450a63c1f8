/** Iceberg's columns as Parquet files. The thrift structures are hyparquet's, the encoding of values is ours: three times faster. */
export { type DecodedColumns, decodeParquet } from './parquet/decode.ts'
export { type EncodedParquet, encodeParquet, ParquetEncoder, ROW_GROUP_ROWS } from './parquet/encode.ts'
export type { ColumnStats } from './parquet/stats.ts'
