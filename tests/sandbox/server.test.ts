import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openDataFolder } from '../../sandbox/dataFolder.ts'
import { Cancelled } from '../../sandbox/errors.ts'
import { answers, freePorts, isFree, requireFree } from '../../sandbox/ports.ts'
import { identify } from '../../sandbox/processes/identity.ts'
import { startAll, tryToStart } from '../../sandbox/sandbox.ts'
import type { ServerDefinition, World } from '../../sandbox/servers/definition.ts'
import { Server } from '../../sandbox/servers/server.ts'
import { readSettings, type Settings } from '../../sandbox/settings.ts'
import { listener, recorder, temporaryFolder } from './support.ts'

const LISTENING = (port: number) => `require('net').createServer().listen(${port}, '127.0.0.1')`

/** A server of a line of JavaScript, which is ready when its port answers. */
function definition(script: (port: number) => string, readyWithinMs = 10_000): ServerDefinition {
  return {
    name: 'kafka',
    title: 'Kafka',
    ports: ({ ports }) => [{ port: ports.kafka, name: 'kafka' }],
    prepare: async ({ settings }) => ({
      file: process.execPath,
      args: ['-e', script(settings.ports.kafka)],
      cwd: settings.dataDir,
      env: {},
    }),
    async check({ ports }) {
      if (!(await answers(ports.kafka))) throw new Error('its port does not answer')
    },
    readyWithinMs,
    stopWithinMs: 5_000,
  }
}

let settings: Settings
let world: World
const terminal = recorder()
const options = { startedBy: 'up' as const, terminal }

beforeEach(async () => {
  settings = { ...readSettings({}), dataDir: temporaryFolder(), ports: await freePorts() }
  world = {
    settings,
    programs: { java: '', seaweedfs: '', kafka: '', trino: '', minio: '', icebergRest: '' },
  }
  openDataFolder(settings.dataDir)
})

function serverOf(script: (port: number) => string, readyWithinMs?: number): Server {
  const server = new Server(definition(script, readyWithinMs), settings)
  onTestFinished(() => server.kill())
  return server
}

describe('a server', () => {
  test('runs when it is started, and neither it nor its pid file is left when it is stopped', async () => {
    const server = serverOf(LISTENING)
    await server.start(world, options)
    const pid = server.pid!
    expect(await server.isHealthy()).toBe(true)
    expect(server.residentBytes).toBeGreaterThan(1e6)
    await server.stop()
    expect(identify(pid)).toBeUndefined()
    expect(existsSync(join(settings.dataDir, 'run', 'kafka.json'))).toBe(false)
  })

  test('that runs already is kept, not started twice', async () => {
    const server = serverOf(LISTENING)
    await server.start(world, options)
    const { pid } = server
    await serverOf(LISTENING).start(world, options)
    expect(server.pid).toBe(pid)
  })

  test('starts again after a crash, and keeps the log of the run before', async () => {
    const server = serverOf(port => `console.log('run'); ${LISTENING(port)}`)
    await server.start(world, options)
    process.kill(server.pid!, 'SIGKILL')
    await expect.poll(() => server.pid).toBeUndefined()
    await server.start(world, options)
    expect(readFileSync(`${server.logFile}.1`, 'utf8')).toBe('run\n')
  })

  test('on a port that someone else has is not started: the message names port, holder and variable', async () => {
    const port = await listener()
    settings.ports.kafka = port
    const start = serverOf(LISTENING).start(world, options)
    const holder = process.platform === 'linux' ? ` by process ${process.pid} \\(.+\\)` : ''
    await expect(start).rejects.toThrow(
      new RegExp(`^Port ${port} \\(Kafka\\) is taken${holder}: .*KAFKA_PORT=`),
    )
    settings.ports = await freePorts()
    const moved = serverOf(LISTENING)
    await moved.start(world, options)
    expect(await moved.isHealthy()).toBe(true)
  })

  test('on a port that someone else had starts once that program is stopped', async () => {
    const holder = createServer().listen(settings.ports.kafka, '127.0.0.1')
    await once(holder, 'listening')
    const server = serverOf(LISTENING)
    await expect(server.start(world, options)).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    await new Promise(done => holder.close(done))
    await server.start(world, options)
    expect(await server.isHealthy()).toBe(true)
  })

  test('that ends at once says why, and where its log is; it starts once that is put right', async () => {
    const disk = join(settings.dataDir, 'disk')
    const server = serverOf(port => {
      const fails = `console.error('ERROR no such disk'); process.exit(3)`
      return `if (!require('fs').existsSync(${JSON.stringify(disk)})) { ${fails} } ${LISTENING(port)}`
    })
    await expect(server.start(world, options)).rejects.toThrow(
      `Kafka stopped while starting: ERROR no such disk\nIts log: ${server.logFile}`,
    )
    expect(readFileSync(server.logFile, 'utf8')).toContain('ERROR no such disk')
    writeFileSync(disk, '')
    await server.start(world, options)
    expect(await server.isHealthy()).toBe(true)
  })

  test('that fills the disk says what to do', async () => {
    const server = serverOf(
      () => `console.error('java.io.IOException: No space left on device'); process.exit(1)`,
    )
    await expect(server.start(world, options)).rejects.toThrow(/the disk is full; .*TICKHOUSE_DATA/)
  })

  test('that is not ready within its 300 ms is stopped, with the reason; the same start again may do', async () => {
    const tried = join(settings.dataDir, 'tried')
    const isSlow = `const { existsSync, writeFileSync } = require('fs'); const tried = ${JSON.stringify(tried)}`
    const script = (port: number) =>
      `${isSlow}; if (existsSync(tried)) ${LISTENING(port)}; else { writeFileSync(tried, ''); setInterval(() => {}, 1000) }`
    const server = serverOf(script, 300)
    await expect(server.start(world, options)).rejects.toThrow(
      /not ready within 0 s: its port does not answer/,
    )
    expect(server.pid).toBeUndefined()
    writeFileSync(tried, '')
    const again = serverOf(script)
    await again.start(world, options)
    expect(await again.isHealthy()).toBe(true)
  })

  test('that `up` left on other ports is not stopped but named', async () => {
    const server = serverOf(LISTENING)
    await server.start(world, options)
    const moved = { ...settings, ports: await freePorts() }
    const other = new Server(definition(LISTENING), moved)
    await expect(other.start({ ...world, settings: moved }, options)).rejects.toThrow(
      `already up on other ports (process ${server.pid})`,
    )
    expect(await server.isHealthy()).toBe(true)
    // On the ports of before it is taken as it is; once it is stopped, it starts on others.
    await serverOf(LISTENING).start(world, options)
    await server.stop()
    await other.start({ ...world, settings: moved }, options)
    onTestFinished(() => other.kill())
    expect(await isFree(moved.ports.kafka)).toBe(false)
  })

  test('that a crashed `npm start` left on other ports is stopped and started on the new ones', async () => {
    const server = serverOf(LISTENING)
    await server.start(world, { ...options, startedBy: 'start' })
    const pid = server.pid!
    const moved = { ...settings, ports: await freePorts() }
    await new Server(definition(LISTENING), moved).start({ ...world, settings: moved }, options)
    expect(identify(pid)).toBeUndefined()
    expect(await isFree(moved.ports.kafka)).toBe(false)
  })
})

describe('a server that all else runs without', () => {
  /** One whose program a folder on the PATH has, or has not. */
  function external(isInstalled: boolean): Server {
    const dir = temporaryFolder()
    if (isInstalled) writeFileSync(join(dir, 'watcher'), '#!/bin/sh\n', { mode: 0o755 })
    vi.stubEnv('PATH', dir)
    onTestFinished(() => void vi.unstubAllEnvs())
    const cure = 'apt install watcher'
    const server = new Server({ ...definition(LISTENING), external: { program: 'watcher', cure } }, settings)
    onTestFinished(() => server.kill())
    return server
  }

  test('and is not installed is left out, which is said with the cure', async () => {
    const { lines, ...said } = recorder()
    const server = external(false)
    await tryToStart(server, world, { startedBy: 'up', terminal: said })
    expect(lines).toEqual([
      'Kafka is left out: there is no program "watcher" on the PATH. apt install watcher',
    ])
    expect(server.pid).toBeUndefined()
  })

  test('and is installed runs', async () => {
    const server = external(true)
    await tryToStart(server, world, options)
    expect(await server.isHealthy()).toBe(true)
  })

  test('and whose port is taken is left out, which is said with the variable that moves it', async () => {
    settings.ports.kafka = await listener()
    const { lines, ...said } = recorder()
    await tryToStart(external(true), world, { startedBy: 'up', terminal: said })
    expect(lines).toEqual([expect.stringMatching(/^Kafka is left out: Port \d+ .*KAFKA_PORT=/)])
  })
})

test('a start that is called off while it waits for a server that all else runs without leaves none running, and the next one starts', async () => {
  const needed = serverOf(LISTENING)
  const external = { program: 'node', cure: 'none' }
  const watcher = new Server(
    {
      ...definition(() => 'setInterval(() => {}, 1000)'),
      external,
      name: 'prometheus',
      ports: ({ ports }) => [{ port: ports.prometheus, name: 'prometheus' }],
      check: () => Promise.reject(new Error('never')),
    },
    settings,
  )
  onTestFinished(() => watcher.kill())
  const calledOff = new AbortController()
  const starting = startAll(world, [needed, watcher], { ...options, signal: calledOff.signal })
  await expect.poll(() => needed.isHealthy()).toBe(true)
  await expect.poll(() => watcher.pid).toBeDefined()
  calledOff.abort()
  await expect(starting).rejects.toThrow(Cancelled)
  expect([needed.pid, watcher.pid]).toEqual([undefined, undefined])
  await startAll(world, [needed], options)
  expect(await needed.isHealthy()).toBe(true)
})

describe('free ports', () => {
  test('are none while someone listens on one of each run of 20', async () => {
    const from = 10_000 + 20 * 300
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    onTestFinished(() => void vi.restoreAllMocks())
    const held = createServer().listen(from + 7, '127.0.0.1')
    await once(held, 'listening')
    await expect(freePorts()).rejects.toMatchObject({ code: 'NO_FREE_PORTS' })
    await new Promise(done => held.close(done))
    expect(Math.min(...Object.values(await freePorts()))).toBe(from)
  })

  test('are 10 different ones that nobody listens on', async () => {
    const ports = Object.values(await freePorts())
    expect(new Set(ports).size).toBe(10)
    await expect(requireFree(ports.map(port => ({ port, name: 'kafka' })))).resolves.toBeUndefined()
  })
})
