import { TickhouseError } from '../lib/errors.ts'

/** An environment variable is not what it has to be. */
export class BadSetting extends TickhouseError {
  constructor(name: string, text: string, wanted: string) {
    super('BAD_SETTING', `${name}=${text} is not ${wanted}: correct or unset it.`)
  }
}

/** One or more programs that the sandbox needs are not there, or too old. */
export class ToolMissing extends TickhouseError {
  constructor(problems: readonly string[]) {
    super('TOOL_MISSING', problems.join('\n'))
  }
}

/** Someone else listens on a port that a server needs. */
export class PortInUse extends TickhouseError {
  readonly port: number

  constructor(port: number, title: string, variable: string, holder: string | undefined) {
    const by = holder ? ` by ${holder}` : ''
    super(
      'PORT_IN_USE',
      `Port ${port} (${title}) is taken${by}: stop that program, or move this port with ${variable}=….`,
    )
    this.port = port
  }
}

/** No run of free ports was found. */
export class NoFreePorts extends TickhouseError {
  constructor() {
    super(
      'NO_FREE_PORTS',
      'No 20 free ports in a row between 10000 and 22000: stop some of the programs there.',
    )
  }
}

/** A folder's disk has less room than the next step needs. */
export class DiskFull extends TickhouseError {
  constructor(dir: string, neededMb: number, freeMb: number, variable: string) {
    super(
      'DISK_FULL',
      `${dir} has ${freeMb} MB of free disk, ${neededMb} MB are needed: make room, or move it with ${variable}=….`,
    )
  }
}

/** An artefact could not be fetched; what did arrive is kept for the next try. */
export class DownloadFailed extends TickhouseError {
  constructor(title: string, reason: string, cure: string) {
    super('DOWNLOAD_FAILED', `${title} could not be downloaded: ${reason}\n${cure}`, { retryable: true })
  }
}

/** What was fetched is not what it should be. */
export class ArtefactIncomplete extends TickhouseError {
  constructor(title: string, missing: string) {
    super(
      'ARTEFACT_INCOMPLETE',
      `${title} was fetched without its file ${missing}: run the same command again, it is fetched anew.`,
      { retryable: true },
    )
  }
}

/** Another process works on the same folder. */
export class FolderBusy extends TickhouseError {
  constructor(what: string, pid: number, cure: string) {
    super('FOLDER_BUSY', `${what} is in use by process ${pid}: ${cure}`, { retryable: true })
  }
}

/** The data folder may not be used, or not be cleared, as it is. */
export class DataFolderRefused extends TickhouseError {
  constructor(dir: string, reason: string) {
    super('DATA_FOLDER_REFUSED', `${dir} ${reason}`)
  }
}

/** A sandbox of this data folder is up where it is not expected. */
export class SandboxElsewhere extends TickhouseError {
  constructor(title: string, pid: number) {
    super(
      'SANDBOX_ELSEWHERE',
      `${title} of this data folder is already up on other ports (process ${pid}): unset the port variables, or stop it with \`npm run sandbox -- down\` first.`,
    )
  }
}

/** A server ended while it was starting. */
export class ServerDied extends TickhouseError {
  constructor(title: string, reason: string, logFile: string) {
    super('SERVER_DIED', `${title} stopped while starting: ${reason}\nIts log: ${logFile}`)
  }
}

/** A server runs, but does not answer as it should within its time. */
export class ServerNotReady extends TickhouseError {
  constructor(title: string, waitedMs: number, reason: string, logFile: string) {
    const seconds = Math.round(waitedMs / 1000)
    super(
      'SERVER_NOT_READY',
      `${title} was not ready within ${seconds} s: ${reason}\nIts log: ${logFile}; a second try may do.`,
      { retryable: true },
    )
  }
}

/** A program that a step calls ended with an error. */
export class CommandFailed extends TickhouseError {
  readonly output: string

  constructor(command: string, outcome: string, output: string) {
    super('COMMAND_FAILED', `${command} ended with ${outcome}: ${lastLine(output)}`)
    this.output = output
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

/** The user, or the end of the process, asked to stop in the middle. */
export class Cancelled extends TickhouseError {
  constructor() {
    super('CANCELLED', 'Stopped as asked.')
  }
}

/** One message for a person, never a stack: a failure of ours says it itself, anything else with its code. */
export function explain(error: unknown): string {
  if (error instanceof TickhouseError) return error.message
  if (!(error instanceof Error)) return String(error)
  const { code, path } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return `The disk is full${path ? ` at ${path}` : ''}: make room and try again.`
  if (code === 'EACCES' || code === 'EPERM')
    return `No permission for ${path ?? 'a file'} (${code}): correct it and try again.`
  return error.message || error.name
}
