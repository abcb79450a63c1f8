import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { install, type PackageName } from '../../bench/readers/install.ts'
import { sandboxEnv, sandboxSettings } from './sandbox.ts'

const SCRIPTS = {
  pyiceberg: { script: 'expire_pyiceberg.py', packages: ['python'] },
  spark: { script: 'expire_spark.py', packages: ['spark', 'sparkJars'] },
} as const satisfies Record<string, { script: string; packages: readonly PackageName[] }>

const READERS = fileURLToPath(new URL('../../bench/readers', import.meta.url))

/** Lets another engine expire all snapshots but the newest of some tables; Spark rewrites files and manifests before that. */
export async function expireBy(engine: keyof typeof SCRIPTS, tables: readonly string[]): Promise<void> {
  const { cacheDir } = sandboxSettings()
  const { script, packages } = SCRIPTS[engine]
  const dirs: string[] = []
  for (const name of packages) dirs.push(await install(cacheDir, name, console.log))
  const file = fileURLToPath(new URL(script, import.meta.url))
  const env = {
    ...process.env,
    ...sandboxEnv(),
    PYTHONPATH: [READERS, ...dirs].join(delimiter),
    PYTHONPYCACHEPREFIX: join(cacheDir, 'readers', 'compiled'),
    ...(engine === 'spark' ? await sparkJars(dirs[1]!) : {}),
  }
  const child = spawn('python3', [file, ...tables], { env, stdio: ['ignore', 'inherit', 'pipe'] })
  const [[code], said] = await Promise.all([once(child, 'close'), text(child.stderr)])
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${said.slice(-2_000)}`)
}

async function sparkJars(dir: string) {
  const jars = (await readdir(dir)).filter(name => name.endsWith('.jar')).map(name => join(dir, name))
  return { PYSPARK_SUBMIT_ARGS: `--driver-memory 1g --jars ${jars.join(',')} pyspark-shell` }
}
