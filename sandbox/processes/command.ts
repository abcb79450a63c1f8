import { execFile } from 'node:child_process'
import { CommandFailed } from '../errors.ts'

/** Where a command runs; output is collected, input is empty. */
export interface CommandOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Ends the command (SIGTERM) when it fires. */
  signal?: AbortSignal
}

/** Runs a program to its end and gives its whole output; any other end than exit code 0 throws `CommandFailed`. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { maxBuffer: 64 << 20, ...options }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`
      if (error === null) resolve(output)
      else reject(new CommandFailed(file, describe(error), output || error.message))
    })
    child.stdin?.end()
  })
}

function describe(error: Error & { code?: unknown; signal?: unknown }): string {
  return error.signal ? `signal ${error.signal}` : `code ${error.code ?? 'unknown'}`
}
