import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingTools } from './tools.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MODULES = join(ROOT, 'node_modules')
const NODE = join(MODULES, '.bin', 'node')
const LOCK = join(ROOT, 'package-lock.json')
const STAMP = join(MODULES, '.tickhouse-lock-sha256')

/** A failure with a message for the user, who needs no stack trace with it. */
class Refusal extends Error {}

/**
 * Runs a TypeScript file of this folder under the project's own Node, after installing the packages where they are
 * missing or stale, and ends this process as that one ended. This file and those it imports run on any Node from 20
 * on, with nothing installed.
 */
export async function handOver(script, args) {
  try {
    requirePlatform()
    if (packagesAreStale()) await installPackages()
    process.exitCode = await runUnderOurNode(join(ROOT, 'sandbox', script), args)
  } catch (error) {
    console.error(error instanceof Refusal ? error.message : `The start failed: ${error.message}`)
    process.exitCode = 1
  }
}

function requirePlatform() {
  if (process.platform === 'win32')
    throw new Refusal('The sandbox runs on Linux and macOS. On Windows use it inside WSL 2.')
  if (Number.parseInt(process.versions.node, 10) < 20)
    throw new Refusal(
      `Node 20 or newer is needed, this is ${process.versions.node}. Get it from https://nodejs.org or your package manager.`,
    )
}

/** npm writes node_modules/.package-lock.json last: an interrupted install leaves none, or an older one. */
function packagesAreStale() {
  const installed = join(MODULES, '.package-lock.json')
  if (!existsSync(NODE) || !existsSync(installed)) return true
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockHash()) return false
  return statSync(installed).mtimeMs < statSync(LOCK).mtimeMs
}

function lockHash() {
  return createHash('sha256').update(readFileSync(LOCK)).digest('hex')
}

async function installPackages() {
  const problems = await missingTools()
  if (problems.length > 0) throw new Refusal(problems.join('\n'))
  console.log('Installing packages (npm ci) …')
  const npm = process.env.npm_execpath
  const [file, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const code = await run(file, [...first, 'ci', '--include=dev', '--no-audit', '--no-fund'], { cwd: ROOT })
  if (code !== 0)
    throw new Refusal(
      `npm ci ended with ${code}; its message is above. Check the network and the disk, then run the same command again.`,
    )
  if (!existsSync(NODE))
    throw new Refusal(
      'npm ran without install scripts, so the package "node" is not complete: npm config set ignore-scripts false, then npm ci.',
    )
  writeFileSync(STAMP, lockHash())
}

/** The channel lets the child notice that this process has died; what ends this process is passed on to it. */
async function runUnderOurNode(script, args) {
  const path = `${join(MODULES, '.bin')}:${process.env.PATH}`
  const options = { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, PATH: path } }
  return run(NODE, [script, ...args], options)
}

function run(file, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', ...options })
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    const passOn = signal => child.kill(signal)
    for (const signal of signals) process.on(signal, passOn)
    const watch = whenOrphaned(() => child.kill('SIGTERM'))
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearInterval(watch)
      for (const name of signals) process.off(name, passOn)
      resolve(code ?? (signal ? 128 : 1))
    })
  })
}

/** Under npm, this process has lost its user when npm dies: it then has another parent. */
function whenOrphaned(act) {
  const parent = process.ppid
  if (!process.env.npm_lifecycle_event) return undefined
  return setInterval(() => process.ppid !== parent && act(), 1_000)
}
