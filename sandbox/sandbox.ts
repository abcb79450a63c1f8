import { installArtefacts } from './artefacts/install.ts'
import { clearDataFolder, dataPaths, isDataFolder, openDataFolder, requireDataFolder } from './dataFolder.ts'
import { Cancelled, explain, FolderBusy } from './errors.ts'
import { requireFree } from './ports.ts'
import { takeLock } from './processes/lock.ts'
import type { ServerDefinition, ServerName, World } from './servers/definition.ts'
import { icebergRest } from './servers/icebergRest.ts'
import { kafka } from './servers/kafka.ts'
import { minio } from './servers/minio.ts'
import { prometheus } from './servers/prometheus.ts'
import { seaweedfs } from './servers/seaweedfs.ts'
import { Server, type StartOptions as ServerStart } from './servers/server.ts'
import { trino } from './servers/trino.ts'
import { LAKES, type Lake, type Settings } from './settings.ts'
import type { Terminal } from './terminal.ts'

/** The object store and the catalog. */
const LAKE_DEFINITIONS: Readonly<Record<Lake, readonly ServerDefinition[]>> = {
  seaweedfs: [seaweedfs],
  minio: [minio, icebergRest],
}

/** The servers of a sandbox: a new one is one more row. */
const definitionsOf = (...lakes: Lake[]): ServerDefinition[] => [
  kafka,
  ...lakes.flatMap(lake => LAKE_DEFINITIONS[lake]),
  trino,
  prometheus,
]

/** How a sandbox is brought up. */
export interface StartOptions extends ServerStart {
  /** Which servers; all of them unless said. */
  servers?: readonly ServerName[]
}

/** The servers of one data folder, up or down. */
export function serversOf(settings: Settings): Server[] {
  return definitionsOf(settings.lake).map(definition => new Server(definition, settings))
}

/** Those of the other object stores and catalogs too: one may be up from a start with another setting. */
function allServersOf(settings: Settings): Server[] {
  return definitionsOf(...LAKES).map(definition => new Server(definition, settings))
}

/**
 * Brings every wanted server up that is down, all at once, and resolves when all do their work; what it needs is installed
 * first. When one fails, those that this call started are stopped again, and its error is thrown: any of
 * `installArtefacts`, `openDataFolder` and `Server.start`. One that all else runs without only says that it failed.
 */
export async function bringUp(settings: Settings, options: StartOptions): Promise<World> {
  openDataFolder(settings.dataDir)
  const world = {
    settings,
    programs: await installArtefacts(settings.cacheDir, { ...options, lake: settings.lake }),
  }
  const release = await lockServers(settings, options.terminal)
  try {
    const wanted = serversOf(settings).filter(({ name }) => options.servers?.includes(name) ?? true)
    await startAll(world, wanted, options)
  } finally {
    release()
  }
  return world
}

/** Stops the servers that `which` accepts, all at once, and waits for their end. */
export async function takeDown(
  settings: Settings,
  terminal: Terminal,
  which: (server: Server) => boolean = () => true,
): Promise<void> {
  if (!isDataFolder(settings.dataDir)) return
  const release = await lockServers(settings, terminal)
  try {
    await Promise.all(
      allServersOf(settings).map(async server => {
        const { pid } = server
        if (pid === undefined || !which(server)) return
        terminal.say(`${server.title}: stopping (process ${pid})`)
        await server.stop()
      }),
    )
  } finally {
    release()
  }
}

/** Removes all data. Throws `FolderBusy` while a server is up, `DataFolderRefused` where nothing is ours. */
export async function clearData(settings: Settings, terminal: Terminal): Promise<void> {
  requireDataFolder(settings.dataDir)
  const release = await lockServers(settings, terminal)
  try {
    const pid = allServersOf(settings).find(server => server.pid !== undefined)?.pid
    if (pid !== undefined)
      throw new FolderBusy(settings.dataDir, pid, 'stop it with `npm run sandbox -- down` first.')
    clearDataFolder(settings.dataDir)
  } finally {
    release()
  }
}

/** Starts those that are down, all at once; when one that is needed fails, those that this call started are stopped again. */
export async function startAll(
  world: World,
  servers: readonly Server[],
  options: StartOptions,
): Promise<void> {
  const down = servers.filter(server => server.pid === undefined)
  // Before anything starts, so that a taken port stops nothing half-way.
  for (const server of down) if (!server.isOptional) await requireFree(server.portNeeds)
  const failed = new AbortController()
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])])
  const stoppable = { ...options, signal }
  const start = async (server: Server) =>
    server.isOptional ? tryToStart(server, world, stoppable) : server.start(world, stoppable)
  const starts = servers.map(server =>
    start(server).catch((error: unknown) => {
      failed.abort()
      throw error
    }),
  )
  const failures = (await Promise.allSettled(starts)).flatMap(start =>
    start.status === 'rejected' ? [start.reason] : [],
  )
  if (failures.length === 0) return
  await Promise.all(down.map(server => server.stop()))
  throw failures.find(error => !(error instanceof Cancelled)) ?? failures[0]
}

/** Starts a server that all else runs without; that it is not here, or does not start, is only said. */
export async function tryToStart(server: Server, world: World, options: ServerStart): Promise<void> {
  const missing = server.whatIsMissing
  if (missing !== undefined) return options.terminal.say(`${server.title} is left out: ${missing}`)
  await server.start(world, options).catch((error: unknown) => {
    if (error instanceof Cancelled) throw error
    options.terminal.say(`${server.title} is left out: ${explain(error)}`)
  })
}

function lockServers({ dataDir }: Settings, terminal: Terminal): Promise<() => void> {
  return takeLock(dataPaths(dataDir).lock, {
    what: `The sandbox in ${dataDir}`,
    cure: 'it is being started or stopped; try again when that is done.',
    waitMs: 60_000,
    onWait: pid => terminal.say(`waiting for process ${pid}, which is starting or stopping this sandbox`),
  })
}
