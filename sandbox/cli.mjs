// `npm run sandbox -- COMMAND`: the servers alone. See commands.ts for the commands.
import { handOver } from './bootstrap.mjs'

await handOver('commands.ts', process.argv.slice(2))
