import { HTTP_LINE, respondTo } from '../lib/lambda/http.ts'
import { jsonLines } from '../lib/lambda/log.ts'
import { logged } from '../lib/lambda/logged.ts'
import { pageRoutes } from '../lib/lambda/pageRoutes.ts'
import page from '../page/index.html'

const log = jsonLines({ function: 'page' })
const routes = pageRoutes(page)

/** Serves the page that draws candles, which `bundlePage.ts` built into this function. It reads no settings and asks no server. */
export const handler = logged(
  log,
  (event, context) => respondTo(event, routes, log, context.getRemainingTimeInMillis()),
  HTTP_LINE,
)
