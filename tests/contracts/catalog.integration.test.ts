import { openServers } from '../integration/icebergServers.ts'
import { describeCatalog } from './catalogContract.ts'

const servers = openServers()
describeCatalog('real, over REST', async () => servers)
