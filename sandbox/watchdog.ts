// Stops the servers of a data folder when the process at the other end of standard input is gone: see startSandbox.ts.
import { takeDown } from './sandbox.ts'
import { readSettings } from './settings.ts'

const [dataDir = ''] = process.argv.slice(2)
process.stdin.resume().once('close', () => {
  const silent = { say: () => undefined, show: () => undefined }
  return takeDown({ ...readSettings(), dataDir }, silent)
})
