import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { NoFreePorts, PortInUse } from './errors.ts'
import { processName } from './processes/identity.ts'
import { PORTS, type PortName, type Ports } from './settings.ts'

/** A port that a program will listen on, and the name under which it can be moved. */
export interface PortNeed {
  port: number
  name: PortName
}

/** Ports of SeaweedFS that only its own parts use, counted from `seaweedfsBase`. */
export const SEAWEEDFS_INNER_PORTS = 7

/** SeaweedFS's background worker finds the console's gRPC port by this distance, whatever it is told. */
export const GRPC_DISTANCE = 10_000

/** A killed program with many threads may hold its ports a little longer than its process can be seen. */
const RELEASED_WITHIN_MS = 3_000

/** Throws `PortInUse` for the first of these ports that someone listens on, and goes on to. */
export async function requireFree(needs: readonly PortNeed[]): Promise<void> {
  const deadlineMs = Date.now() + RELEASED_WITHIN_MS
  for (const { port, name } of needs) {
    let free = await isFree(port)
    while (!free && Date.now() < deadlineMs) {
      await sleep(50)
      free = await isFree(port)
    }
    if (free) continue
    throw new PortInUse(port, PORTS[name].title, PORTS[name].variable, listenerOf(port))
  }
}

/** True when nobody listens on this port of the loopback interface. */
export async function isFree(port: number): Promise<boolean> {
  return !(await answers(port)) && (await canListen(port))
}

/** True when something accepts connections on this port of the loopback interface. */
export function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    const done = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1_000, () => done(false))
    socket.once('connect', () => done(true)).once('error', () => done(false))
  })
}

function canListen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** A set of ports that are all free now, below the range from which systems give ports to outgoing connections. */
export async function freePorts(): Promise<Ports> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const from = 10_000 + 20 * Math.floor(Math.random() * 600)
    const ports = portsFrom(from)
    const all = [...Array.from({ length: 20 }, (_, index) => from + index), ports.s3Console + GRPC_DISTANCE]
    if ((await Promise.all(all.map(isFree))).every(Boolean)) return ports
  }
  throw new NoFreePorts()
}

function portsFrom(from: number): Ports {
  const names = Object.keys(PORTS).filter(name => name !== 'seaweedfsBase') as PortName[]
  const ports = Object.fromEntries(names.map((name, index) => [name, from + index]))
  return { ...ports, seaweedfsBase: from + names.length } as Ports
}

/** Who listens on a port, as "process 4242 (java)"; undefined where the system does not tell. */
function listenerOf(port: number): string | undefined {
  try {
    const sockets = new Set(['tcp', 'tcp6'].flatMap(file => listeningSockets(file, port)))
    const pid = readdirSync('/proc').find(name => /^\d+$/.test(name) && holdsOneOf(name, sockets))
    return pid && `process ${pid} (${processName(Number(pid)) ?? 'unknown'})`
  } catch {
    return undefined
  }
}

/** Inodes of listening sockets (state 0A) on this port, from a table of /proc/net (proc(5)). */
function listeningSockets(file: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync(`/proc/net/${file}`, 'utf8').split('\n').slice(1)
  const fields = rows.map(row => row.trim().split(/\s+/))
  return fields.filter(row => row[1]?.endsWith(suffix) && row[3] === '0A').map(row => `socket:[${row[9]}]`)
}

function holdsOneOf(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    const dir = `/proc/${pid}/fd`
    return readdirSync(dir).some(fd => sockets.has(linkTarget(`${dir}/${fd}`)))
  } catch {
    return false
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
