import { setTimeout as sleep } from 'node:timers/promises'
import { Complaints } from './complaints.ts'
import { dataPaths, openDataFolder } from './dataFolder.ts'
import { Cancelled, explain } from './errors.ts'
import { addresses, LiveStatus } from './liveStatus.ts'
import { Offline } from './offline.ts'
import { openPipeline, type Pipeline } from './pipeline.ts'
import { takeLock } from './processes/lock.ts'
import { bringUp, serversOf, takeDown } from './sandbox.ts'
import type { World } from './servers/definition.ts'
import { readSettings, type Settings } from './settings.ts'
import { stopSignal } from './stopSignal.ts'
import { openTerminal, type Terminal } from './terminal.ts'

const USAGE = `npm start

Brings up the sandbox (Kafka, SeaweedFS, Trino; Prometheus where it is installed), topics, tables, a first history of
ticks and the functions under sls offline, and shows how candles are made. Ctrl-C stops all of it; the data stays.
Ports and folders: npm run sandbox -- --help`

const LOOK_EVERY_MS = 5_000

/** Something that falls again and again is not brought back again. */
const MOST_FALLS = 5

interface Run {
  settings: Settings
  terminal: Terminal
  signal: AbortSignal
}

async function main(): Promise<void> {
  const terminal = openTerminal()
  const signal = stopSignal(() => {
    terminal.show('')
    terminal.say('Stopping …')
  })
  try {
    await holdDataFolder({ settings: readSettings(), terminal, signal })
  } catch (error) {
    if (error instanceof Cancelled || signal.aborted) return
    terminal.say(explain(error))
    process.exitCode = 1
  }
}

/** One `npm start` at a time works on a data folder; whatever it ends with, all that it started is stopped. */
async function holdDataFolder(run: Run): Promise<void> {
  const { settings, terminal, signal } = run
  openDataFolder(settings.dataDir)
  const release = await takeLock(dataPaths(settings.dataDir).startLock, {
    what: `The data folder ${settings.dataDir}`,
    cure: 'it is running already; stop it there with Ctrl-C, or choose another folder with TICKHOUSE_DATA=….',
    waitMs: 15_000,
    onWait: pid =>
      terminal.say(`Another npm start (process ${pid}) has this data folder: waiting for its end …`),
  })
  const offline = new Offline(settings)
  try {
    await offline.stop()
    await runPipeline(run, offline)
  } finally {
    await offline.stop()
    await takeDown(settings, terminal, server => server.record?.startedBy === 'start')
    release()
    if (signal.aborted) terminal.say('Stopped; the data stays.')
  }
}

async function runPipeline(run: Run, offline: Offline): Promise<void> {
  const { settings, terminal, signal } = run
  await offline.requirePorts()
  const world = await bringUp(settings, { startedBy: 'start', terminal, signal })
  const pipeline = openPipeline(settings, terminal.say)
  try {
    terminal.say('Topics and tables …')
    await pipeline.setUp()
    const functions = offline.start(signal)
    const history = fillHistory(pipeline, terminal)
    await Promise.all([functions, history])
    terminal.say(`The functions are ready, ${Math.round(performance.now() / 1_000)} s after the start.`)
    for (const line of [...addresses(settings), `  Logs             ${offline.logFile}`]) terminal.say(line)
    terminal.say(`Candles in your browser: http://127.0.0.1:${settings.ports.http}/`)
    terminal.say('Ctrl-C stops all that this command started; the data stays.')
    await watch(run, world, pipeline, offline)
  } finally {
    await pipeline.close()
  }
}

async function fillHistory(pipeline: Pipeline, terminal: Terminal): Promise<void> {
  const startedMs = performance.now()
  const sent = await pipeline.fillHistory()
  const tookS = ((performance.now() - startedMs) / 1_000).toFixed(1)
  if (sent > 0)
    terminal.say(`A first history: ${sent.toLocaleString('en-US')} ticks sent to Kafka in ${tookS} s.`)
}

/** Shows the pipeline at work, and brings back what has fallen, until the signal to stop. */
async function watch(run: Run, world: World, pipeline: Pipeline, offline: Offline): Promise<void> {
  const { terminal, signal } = run
  const live = new LiveStatus()
  const complaints = new Complaints(offline.logFile)
  let falls = 0
  while (!signal.aborted) {
    if (await raiseFallen(run, world, offline)) falls++
    if (falls > MOST_FALLS)
      throw new Error(`Something fell ${falls} times; see ${dataPaths(run.settings.dataDir).logs}.`)
    for (const line of await complaints.next()) terminal.say(line)
    const line = await pipeline.status().then(
      status => live.line(status, performance.now()),
      error => `the state of the pipeline is not known: ${explain(error)}`,
    )
    if (!signal.aborted) terminal.show(line)
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Starts again what ended by itself; true when something had. */
async function raiseFallen(
  { settings, terminal, signal }: Run,
  world: World,
  offline: Offline,
): Promise<boolean> {
  const fallen = serversOf(settings).filter(({ pid, isOptional }) => pid === undefined && !isOptional)
  for (const server of fallen) {
    terminal.say(`${server.title} ended by itself (its log: ${server.logFile}.1): starting it again.`)
    await server.start(world, { startedBy: 'start', terminal, signal })
  }
  if (offline.pid !== undefined) return fallen.length > 0
  terminal.say(`sls offline ended by itself (its log: ${offline.logFile}.1): starting it again.`)
  await offline.start(signal)
  return true
}

if (process.argv.slice(2).some(argument => argument === '--help' || argument === '-h')) console.log(USAGE)
else await main()
