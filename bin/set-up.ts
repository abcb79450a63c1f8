import { parseArgs } from 'node:util'
import { TickhouseError } from '../lib/errors.ts'
import { readConfig } from '../lib/lambda/config.ts'
import { connect } from '../lib/lambda/connect.ts'
import { jsonLines } from '../lib/lambda/log.ts'
import { setUp } from '../lib/setup/setUp.ts'

const USAGE = `npm run set-up [-- --repair-topics]

Creates the topics and the two tables where they are missing; run again, it changes nothing. It warns of existing topics with
settings that lose data, such as cleanup.policy=compact on ticks, and names the cure.

  --repair-topics   correct these settings, and no others

Where to: the same environment variables as the functions (lib/lambda/config.ts).`

const OPTIONS = { help: { type: 'boolean', short: 'h' }, 'repair-topics': { type: 'boolean' } } as const
const values = givenOptions()
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}

const services = connect(readConfig(), jsonLines({ function: 'set-up' }))
try {
  await setUp(services, { repairTopics: values['repair-topics'] ?? false })
  console.log('topics and tables are there')
} catch (error) {
  if (!(error instanceof TickhouseError)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
} finally {
  await services.close()
}

function givenOptions() {
  try {
    return parseArgs({ options: OPTIONS }).values
  } catch {
    console.log(USAGE)
    process.exit(2)
  }
}
