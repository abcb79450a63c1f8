import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { dataPaths } from './dataFolder.ts'
import { Cancelled, explain, FolderBusy } from './errors.ts'
import { addresses } from './liveStatus.ts'
import { Offline } from './offline.ts'
import { holderOf } from './processes/lock.ts'
import { bringUp, clearData, serversOf, takeDown } from './sandbox.ts'
import { SERVER_NAMES } from './servers/definition.ts'
import type { Server } from './servers/server.ts'
import { functionEnv, PORTS, readSettings, type Settings } from './settings.ts'
import { stopSignal } from './stopSignal.ts'
import { openTerminal } from './terminal.ts'

const LOG_NAMES = [...SERVER_NAMES, 'offline']

const USAGE = `npm run sandbox -- COMMAND

The servers alone (Kafka, SeaweedFS with S3 and the Iceberg catalog, Trino; Prometheus where it is installed), for
\`npx sls offline start\` and \`npx sls invoke local -f NAME\` by hand. They run until \`down\`.

  up             start what is down, wait until it is ready, make topics and tables where they are missing
  down           stop all of it; the data stays
  status         each server's state, ports, process and memory; exit code 3 when one that is needed is down
  logs [NAME]    the last lines of all logs, or of one of ${LOG_NAMES.join(', ')}; -f follows them
  env            shell lines that point the functions at this sandbox: eval "$(npm run -s sandbox -- env)"
  reset          remove all data; refused while a server is up

Where (environment variables, with their defaults; two sandboxes need two folders and other ports):
  TICKHOUSE_DATA          .tickhouse in this checkout
  TICKHOUSE_CACHE         tickhouse in $XDG_CACHE_HOME or ~/.cache: the programs, fetched once
  TRINO_HEAP_MB           1536
  TICKHOUSE_LAKE          seaweedfs; or minio: MinIO, which Go builds, with Iceberg's REST fixture; it wants a TICKHOUSE_DATA of its own
${Object.values(PORTS)
  .map(({ variable, port, title }) => `  ${variable.padEnd(23)} ${port}  (${title})`)
  .join('\n')}
SEAWEEDFS_BASE_PORT is the first of seven in a row; S3_CONSOLE_PORT + 10000 is used as well.`

const SOME_ARE_DOWN = 3
const WRONG_USAGE = 2

const terminal = openTerminal()

/** Each command gives its exit code. */
const COMMANDS: Record<string, (settings: Settings, options: Options) => Promise<number>> = {
  up,
  down,
  status,
  logs,
  env,
  reset,
}

interface Options {
  /** What follows the command's name. */
  name?: string | undefined
  follow: boolean
}

async function up(settings: Settings): Promise<number> {
  const signal = stopSignal(() => terminal.say('Stopping …'))
  try {
    await bringUp(settings, { startedBy: 'up', terminal, signal })
  } catch (error) {
    if (error instanceof Cancelled) return 130
    throw error
  }
  // With all that it imports it takes longer to load than any other command takes to run.
  const { openPipeline } = await import('./pipeline.ts')
  const pipeline = openPipeline(settings, terminal.say)
  try {
    await pipeline.setUp()
  } finally {
    await pipeline.close()
  }
  for (const line of addresses(settings).slice(0, -1)) terminal.say(line)
  return 0
}

async function down(settings: Settings): Promise<number> {
  refuseUnderStart(settings)
  await new Offline(settings).stop()
  await takeDown(settings, terminal)
  return 0
}

async function status(settings: Settings): Promise<number> {
  const servers = serversOf(settings)
  for (const server of servers) terminal.say(await statusLine(server))
  const totalBytes = servers.reduce((sum, server) => sum + server.residentBytes, 0)
  terminal.say(`${'together'.padEnd(37)} ${megabytes(totalBytes).padStart(8)}   data in ${settings.dataDir}`)
  return servers.every(({ pid, isOptional }) => pid !== undefined || isOptional) ? 0 : SOME_ARE_DOWN
}

async function statusLine(server: Server): Promise<string> {
  const ports = server.record?.ports ?? server.portNeeds.map(({ port }) => port)
  const columns = [
    server.title.padEnd(10),
    (await stateOf(server)).padEnd(13),
    `pid ${server.pid ?? '-'}`.padEnd(12),
    (server.pid === undefined ? '' : megabytes(server.residentBytes)).padStart(8),
    `  ports ${ports.join(' ')}`,
  ]
  return columns.join(' ')
}

async function stateOf(server: Server): Promise<string> {
  if (server.pid === undefined) return server.whatIsMissing === undefined ? 'down' : 'not installed'
  if (!server.isWhereExpected) return 'on old ports'
  return (await server.isHealthy()) ? 'up' : 'not ready'
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

async function logs(settings: Settings, { name, follow }: Options): Promise<number> {
  if (name !== undefined && !LOG_NAMES.includes(name)) {
    terminal.say(`There is no log "${name}": one of ${LOG_NAMES.join(', ')}.`)
    return WRONG_USAGE
  }
  const names = name === undefined ? LOG_NAMES : [name]
  const files = names.map(dataPaths(settings.dataDir).logFile).filter(existsSync)
  if (files.length === 0) {
    terminal.say(`No log yet in ${dataPaths(settings.dataDir).logs}.`)
    return 0
  }
  const child = spawn('tail', ['-n', '100', ...(follow ? ['-F'] : []), ...files], { stdio: 'inherit' })
  // Ctrl-C ends `tail`, which ends us.
  process.on('SIGINT', () => undefined)
  return new Promise(resolve => child.once('exit', code => resolve(code ?? 0)))
}

async function env(settings: Settings): Promise<number> {
  for (const [name, value] of Object.entries(functionEnv(settings.ports)))
    console.log(`export ${name}='${value}'`)
  return 0
}

async function reset(settings: Settings): Promise<number> {
  refuseUnderStart(settings)
  await clearData(settings, terminal)
  terminal.say(`All data in ${settings.dataDir} is removed.`)
  return 0
}

function refuseUnderStart({ dataDir }: Settings): void {
  const holder = holderOf(dataPaths(dataDir).startLock)
  if (holder) throw new FolderBusy(dataDir, holder.pid, 'it is npm start; stop it there with Ctrl-C.')
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, follow: { type: 'boolean', short: 'f' } },
  })
  const [command = '', name, ...more] = positionals
  const run = COMMANDS[command]
  if (values.help || !run || more.length > 0) {
    console.log(USAGE)
    return values.help ? 0 : WRONG_USAGE
  }
  return run(readSettings(), { name, follow: values.follow ?? false })
}

try {
  process.exitCode = await main()
} catch (error) {
  terminal.say(explain(error))
  process.exitCode = 1
}
