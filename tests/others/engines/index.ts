import { duckdb } from './duckdb.ts'
import type { EngineOptions, EngineProcess } from './engineProcess.ts'
import { pyiceberg } from './pyiceberg.ts'
import { spark } from './spark.ts'
import { Trino } from './trino.ts'

/** All who write to the tables beside tickhouse; each is started by its first step. */
export interface Engines {
  readonly trino: Trino
  readonly pyiceberg: EngineProcess
  readonly spark: EngineProcess
  readonly duckdb: EngineProcess
  close(): Promise<void>
}

export type EngineName = Exclude<keyof Engines, 'close'>

export function openEngines(options: EngineOptions): Engines {
  const processes = { pyiceberg: pyiceberg(options), spark: spark(options), duckdb: duckdb(options) }
  return {
    trino: new Trino(options.env.TRINO_URL!),
    ...processes,
    close: async () => void (await Promise.all(Object.values(processes).map(engine => engine.close()))),
  }
}
