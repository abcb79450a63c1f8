import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type EngineOptions, EngineProcess } from './engineProcess.ts'

const EXTENSIONS = 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions'

/** Spark 4.1 with Iceberg's runtime and procedures; its one step is `sql`. */
export function spark(options: EngineOptions): EngineProcess {
  const program = { script: 'spark_sql.py', packages: ['spark', 'sparkJars'], variables } as const
  return new EngineProcess(program, options)
}

async function variables(dirs: ReadonlyMap<string, string>): Promise<Record<string, string>> {
  const dir = dirs.get('sparkJars')!
  const jars = (await readdir(dir)).filter(name => name.endsWith('.jar')).map(name => join(dir, name))
  const conf = `--driver-memory 1g --conf spark.sql.extensions=${EXTENSIONS}`
  return { PYSPARK_SUBMIT_ARGS: `${conf} --jars ${jars.join(',')} pyspark-shell` }
}
