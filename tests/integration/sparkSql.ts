import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { install } from '../../bench/readers/install.ts'
import { readSettings } from '../../sandbox/settings.ts'
import { sandboxEnv } from './sandbox.ts'

const READERS = fileURLToPath(new URL('../../bench/readers', import.meta.url))
const SCRIPT = fileURLToPath(new URL('run_spark.py', import.meta.url))

/** Lets Spark run statements, one after the other. */
export async function sparkSql(...statements: readonly string[]): Promise<void> {
  const { cacheDir } = readSettings()
  const [spark, jarsDir] = [
    await install(cacheDir, 'spark', console.log),
    await install(cacheDir, 'sparkJars', console.log),
  ]
  const jars = (await readdir(jarsDir)).filter(name => name.endsWith('.jar')).map(name => join(jarsDir, name))
  const env = {
    ...process.env,
    ...sandboxEnv(),
    PYTHONPATH: [READERS, spark].join(delimiter),
    PYTHONPYCACHEPREFIX: join(cacheDir, 'readers', 'compiled'),
    PYSPARK_SUBMIT_ARGS: `--driver-memory 1g --jars ${jars.join(',')} pyspark-shell`,
  }
  const child = spawn('python3', [SCRIPT, ...statements], { env, stdio: ['ignore', 'inherit', 'pipe'] })
  const [[code], said] = await Promise.all([once(child, 'close'), text(child.stderr)])
  if (code !== 0) throw new Error(`Spark ended with ${code}: ${said.slice(-2_000)}`)
}
