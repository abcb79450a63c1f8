import { TickhouseError } from '../lib/errors.ts'
import { readConfig } from '../lib/lambda/config.ts'
import { connect } from '../lib/lambda/connect.ts'
import { jsonLines } from '../lib/lambda/log.ts'
import { setUp } from '../lib/setup/setUp.ts'

const USAGE = `npm run set-up

Creates the topics and the two tables where they are missing; run again, it changes nothing.
Where to: the same environment variables as the functions (lib/lambda/config.ts).`

if (process.argv.length > 2) {
  console.log(USAGE)
  process.exit(process.argv[2] === '--help' ? 0 : 2)
}

const services = connect(readConfig(), jsonLines({ function: 'set-up' }))
try {
  await setUp(services)
  console.log('topics and tables are there')
} catch (error) {
  if (!(error instanceof TickhouseError)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
} finally {
  await services.close()
}
