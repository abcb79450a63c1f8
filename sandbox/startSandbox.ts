import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { freePorts } from './ports.ts'
import { bringUp, serversOf, takeDown } from './sandbox.ts'
import type { ServerName } from './servers/definition.ts'
import { functionEnv, type Lake, type Ports, readSettings, type Settings } from './settings.ts'
import type { Terminal } from './terminal.ts'

/** What a program that wants a sandbox of its own has to say. */
export interface SandboxOptions {
  /** Made when it is missing; removed by `remove`, never by `stop`. */
  dataDir: string
  /** `free`: any that nobody uses now. */
  ports: 'free' | Ports
  /** Which servers; those that the functions need unless said. */
  servers?: readonly ServerName[]
  /** Which object store and catalog; SeaweedFS unless said. */
  lake?: Lake
  onProgress?: (line: string) => void
}

/** Servers without which the functions do not run. */
function neededOf(settings: Settings): ServerName[] {
  return serversOf(settings).flatMap(({ name, isOptional }) => (isOptional ? [] : [name]))
}

/** One server in the hands of a test. */
export interface ServerHandle {
  /** Undefined while it is down. */
  readonly pid: number | undefined
  readonly logFile: string
  /** Ends it in an orderly way. */
  stop(): Promise<void>
  /** Ends it at once, as a crash does (SIGKILL). */
  kill(): Promise<void>
  /** Starts it again, on the same ports and data, and waits until it does its work. */
  start(): Promise<void>
}

/** A running sandbox. It ends with the process that started it, however that ends. */
export interface Sandbox {
  settings: Settings
  /** The variables that point the functions at it. */
  env: ReturnType<typeof functionEnv>
  servers: Record<ServerName, ServerHandle>
  /** Stops all servers; the data stays. */
  stop(): Promise<void>
  /** Stops all servers and removes the data folder. */
  remove(): Promise<void>
}

/** Starts a sandbox beside any other that runs. Throws what `bringUp` throws, and leaves nothing running then. */
export async function startSandbox({
  dataDir,
  ports,
  servers,
  lake = 'seaweedfs',
  onProgress,
}: SandboxOptions): Promise<Sandbox> {
  const settings = { ...readSettings(), dataDir, lake, ports: ports === 'free' ? await freePorts() : ports }
  const terminal: Terminal = { say: line => onProgress?.(line), show: () => undefined }
  const options = { startedBy: 'test', terminal, servers: servers ?? neededOf(settings) } as const
  const release = stopWithUs(dataDir)
  const world = await bringUp(settings, options).catch((error: unknown) => {
    release()
    throw error
  })
  const handles = serversOf(settings).map(server => {
    const { name, logFile } = server
    const handle: ServerHandle = {
      logFile,
      get pid() {
        return server.pid
      },
      stop: () => server.stop(),
      kill: () => server.kill(),
      start: () => server.start(world, options),
    }
    return [name, handle] as const
  })
  const stop = async () => {
    await takeDown(settings, terminal)
    release()
  }
  return {
    settings,
    env: functionEnv(settings.ports),
    servers: Object.fromEntries(handles) as Sandbox['servers'],
    stop,
    async remove() {
      await stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/**
 * Sees to it that the servers do not outlive this process: a small process waits at the other end of a pipe, which
 * closes when this one dies of whatever cause, and stops them then. The function given back ends that watch.
 */
function stopWithUs(dataDir: string): () => void {
  const watchdog = new URL('watchdog.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [watchdog, dataDir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
  child.stdin.on('error', () => undefined)
  return () => void child.kill()
}
