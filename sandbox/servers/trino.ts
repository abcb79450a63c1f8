import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { functionEnv, ROOT, type Settings } from '../settings.ts'
import type { ServerDefinition, World } from './definition.ts'
import { jsonAnswer } from './http.ts'
import { jarsIn, javaIn } from './java.ts'

/** Trino: one node that coordinates and works, with the catalog of trino/catalog/. */
export const trino: ServerDefinition = {
  name: 'trino',
  title: 'Trino',
  ports: ({ ports }) => [{ port: ports.trino, name: 'trino' }],
  readyWithinMs: 300_000,
  stopWithinMs: 30_000,

  async prepare({ settings, programs }) {
    const dir = join(settings.dataDir, 'trino')
    await mkdir(join(dir, 'etc'), { recursive: true })
    await writeFile(join(dir, 'etc', 'config.properties'), configProperties(settings, programs))
    await writeFile(join(dir, 'etc', 'log.properties'), 'io.trino=WARN\nio.airlift=WARN\nBootstrap=WARN\n')
    return {
      file: javaIn(programs),
      args: [
        ...jvmOptions(settings.trinoHeapMb),
        ...serverOptions(dir),
        '-cp',
        jarsIn(join(programs.trino, 'lib')),
        'io.trino.server.TrinoServer',
      ],
      cwd: dir,
      // The catalog's file takes its addresses and keys from these.
      env: functionEnv(settings.ports),
    }
  },

  async check({ ports }) {
    const url = functionEnv(ports).TRINO_URL
    const info = (await getJson(`${url}/v1/info`)) as { starting: boolean }
    if (info.starting) throw new Error('it says that it is still starting')
    await rows(url, 'SHOW SCHEMAS FROM lake')
    // For some moments after a restart it has not found itself yet, and has no node to run a scan on.
    const nodes = await rows(url, "SELECT node_id FROM system.runtime.nodes WHERE state = 'active'")
    if (nodes.length === 0) throw new Error('it has no node that works yet')
  },
}

/** https://trino.io/docs/476/admin/properties.html */
function configProperties({ ports, trinoHeapMb }: Settings, programs: World['programs']): string {
  // Trino keeps 30 % of the heap for what it does not count, and wants the rest to hold one query's share.
  const queryMemory = `${Math.floor(trinoHeapMb * 0.55)}MB`
  const values = {
    coordinator: true,
    'node-scheduler.include-coordinator': true,
    'http-server.http.port': ports.trino,
    'discovery.uri': `http://127.0.0.1:${ports.trino}`,
    'node.bind-ip': '127.0.0.1',
    'node.internal-address': '127.0.0.1',
    'http-server.log.enabled': false,
    'query.max-memory': queryMemory,
    'query.max-memory-per-node': queryMemory,
    'plugin.dir': join(programs.trino, 'plugin'),
    'catalog.config-dir': join(ROOT, 'trino', 'catalog'),
    'sql.forced-session-time-zone': 'UTC',
  }
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/**
 * What Trino's own launcher passes on, but for the heap, and for the compiler: small statements, a few a minute, are never
 * so warm that the second compiler pays. Without it the first hour's take less CPU time, and are fast after ten of them, not after sixty.
 */
function jvmOptions(heapMb: number): string[] {
  return [
    ...[`-Xmx${heapMb}m`, '-XX:TieredStopAtLevel=1'],
    ...['-XX:+UseG1GC', '-XX:+ExitOnOutOfMemoryError', '-XX:ReservedCodeCacheSize=256M'],
    ...['-XX:+EnableDynamicAgentLoading', '--enable-native-access=ALL-UNNAMED'],
    ...['-Djdk.attach.allowAttachSelf=true', '-Djdk.nio.maxCachedBufferSize=2000000'],
    ...['-Dfile.encoding=UTF-8', '-Duser.timezone=UTC'],
  ]
}

function serverOptions(dir: string): string[] {
  return [
    `-Dconfig=${join(dir, 'etc', 'config.properties')}`,
    `-Dlog.levels-file=${join(dir, 'etc', 'log.properties')}`,
    `-Dnode.data-dir=${join(dir, 'data')}`,
    '-Dnode.environment=sandbox',
    '-Dnode.id=sandbox',
  ]
}

/** A page of a statement's results (https://trino.io/docs/476/develop/client-protocol.html). */
interface StatementPage {
  nextUri?: string
  data?: unknown[][]
  error?: { message: string }
}

async function rows(url: string, sql: string): Promise<unknown[][]> {
  const headers = { 'x-trino-user': 'sandbox' }
  const found: unknown[][] = []
  let page = (await getJson(`${url}/v1/statement`, { method: 'POST', headers, body: sql })) as StatementPage
  for (;;) {
    found.push(...(page.data ?? []))
    if (page.error) throw new Error(page.error.message)
    if (!page.nextUri) return found
    page = (await getJson(page.nextUri, { headers })) as StatementPage
  }
}

/** A Trino that has just started takes long to answer. */
function getJson(url: string, init?: RequestInit): Promise<unknown> {
  return jsonAnswer(url, init, 20_000)
}
