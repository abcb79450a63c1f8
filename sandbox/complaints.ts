import { open } from 'node:fs/promises'

/** The line that a function logs for each invocation; others are the host's own. */
interface LogLine {
  level?: string
  function?: string
  message?: string
  error?: string
}

const LONGEST = 300

/** What goes wrong in a growing log, once it is written there. */
export class Complaints {
  readonly #logFile: string
  #offset = 0

  constructor(logFile: string) {
    this.#logFile = logFile
  }

  /** The warnings and errors written since the last call, one short line each. */
  async next(): Promise<string[]> {
    const text = await this.#read()
    const lines = text.split('\n').flatMap(line => complaintIn(line) ?? [])
    return [...new Set(lines)].map(line => line.slice(0, LONGEST))
  }

  async #read(): Promise<string> {
    const handle = await open(this.#logFile)
    try {
      const { size } = await handle.stat()
      // A shorter file is a new one, of a new start.
      if (size < this.#offset) this.#offset = 0
      const buffer = Buffer.alloc(Math.min(size - this.#offset, 1 << 20))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#offset)
      const whole = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1
      this.#offset += whole
      return buffer.toString('utf8', 0, whole)
    } finally {
      await handle.close()
    }
  }
}

/** A log line as a complaint, or undefined when it is none. */
function complaintIn(line: string): string | undefined {
  const text = line.trim()
  if (!text.startsWith('{')) return /^(✖|×|Error:|\w*Error: )/.test(text) ? text : undefined
  try {
    const { level, function: name, message, error }: LogLine = JSON.parse(text)
    if (level !== 'warn' && level !== 'error') return undefined
    return [name, message, error].filter(Boolean).join(': ')
  } catch {
    return undefined
  }
}
