/** Says how work goes on: a line that is written over where people look on, and otherwise one now and then. */
export function progress(): (line: string) => void {
  let saidMs = 0
  return line => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`)
    else if (performance.now() - saidMs > 10_000) {
      saidMs = performance.now()
      process.stderr.write(`${line}\n`)
    }
  }
}
