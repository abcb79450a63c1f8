import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bundlePage } from '../../bundlePage.ts'
import type { Routes } from '../../lib/lambda/http.ts'
import { pageRoutes } from '../../lib/lambda/pageRoutes.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { formatDateTime } from '../../lib/market/time.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import type { Log } from '../../lib/ports.ts'
import type { Candle as Answered, Instrument, Status } from '../../page/api.js'
import { serve } from './host.ts'

/** A request for candles, as the page made it. */
export interface Asked {
  readonly timeframe: string
  readonly symbol: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly limit: number
  readonly tag: string | undefined
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

const QUIET: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined }
const LIMIT = 500
const MAX_LIMIT = 5_000

/**
 * A server of the page and of candles in memory, with a status that a test sets. It keeps the contract of `GET /candles`, and
 * sends the page's files with the headers of the real function.
 */
export class Market {
  /** All requests for candles. */
  readonly asked: Asked[] = []
  status: Omit<Status, 'serverTime'>
  nowMs: () => number
  /** The answer in place of candles, while it is set. */
  failure: Answer | undefined
  #candles: readonly Candle[] = []
  #live = new Map<string, Pick<Answered, 'live' | 'asOf'>>()
  #instruments: Instrument[] | undefined
  #version = 0
  #server: Server | undefined
  #port = 0

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
    const iso = (ms: number) => new Date(ms).toISOString()
    const minuteMs = Math.floor(nowMs() / 60_000) * 60_000
    this.status = {
      ...{ closedUntil: iso(minuteMs), committedAt: iso(minuteMs + 1_200), newestMinute: iso(minuteMs) },
      ...{ waitingSince: null, staleHours: 0 },
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`
  }

  /** Listens; a second time on the same port. */
  async start(): Promise<void> {
    const page = pageRoutes(await bundlePage())
    this.#server = createServer((request, response) => void this.#serve(page, request, response))
    await new Promise<void>(resolve => this.#server!.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections()
    await new Promise(resolve => this.#server?.close(resolve) ?? resolve(undefined))
    this.#server = undefined
  }

  /** Adds these candles, or replaces the ones that they are revisions of. `live` candles have uncommitted ticks. */
  commit(candles: readonly Candle[], live: Pick<Answered, 'live' | 'asOf'> = {}): void {
    const keyOf = ({ source, symbol, timeframe, dateTimeUs }: Candle) =>
      JSON.stringify([source, symbol, timeframe, dateTimeUs])
    const all = new Map([...this.#candles, ...candles].map(candle => [keyOf(candle), candle]))
    this.#candles = [...all.values()].toSorted((a, b) => a.dateTimeUs - b.dateTimeUs)
    for (const candle of candles) this.#live.set(keyOf(candle), live)
    this.#version++
  }

  /** Sets a part of the status. */
  says(status: Partial<Omit<Status, 'serverTime'>>): void {
    this.status = { ...this.status, ...status }
    this.#version++
  }

  /** Removes the fields of the status that need Kafka. */
  knowsNoKafka(): void {
    const { waitingSince: _, ...rest } = this.status
    this.status = rest
    this.#version++
  }

  /** Adds these to the catalogue, beside those that have candles. */
  names(instruments: readonly Instrument[]): void {
    this.#instruments = [...instruments]
  }

  async #serve(page: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url)
    if (pathname === '/' || pathname.startsWith('/page/')) return serve(page, QUIET, request, response)
    const { status, headers, body } = this.#answer(pathname, searchParams, request.headers['if-none-match'])
    response.writeHead(status, {
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      ...headers,
    })
    response.end(status === 304 ? '' : JSON.stringify(body))
  }

  #answer(path: string, query: URLSearchParams, tag: string | undefined): Answer {
    if (this.failure) return this.failure
    if (path === '/symbols')
      return {
        status: 200,
        body: { timeframes: TIMEFRAMES.map(({ name }) => name), symbols: this.#catalogue() },
      }
    if (path === '/candles') return this.#page(query, tag)
    return refusal(404, 'NOT_FOUND', 'There is nothing here.')
  }

  #catalogue(): Instrument[] {
    const named = [...this.#candles, ...(this.#instruments ?? [])].map(({ source, symbol }) => [
      source,
      symbol,
    ])
    const keys = new Set(named.map(name => JSON.stringify(name)))
    const symbols = [...keys].map(key => JSON.parse(key) as [string, string])
    return symbols
      .map(([source, symbol]) => ({ source, symbol }))
      .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  }

  #page(query: URLSearchParams, tag: string | undefined): Answer {
    const [source, symbol, timeframe] = ['source', 'symbol', 'timeframe'].map(name => query.get(name) ?? '')
    const [from, to] = ['from', 'to'].map(name => query.get(name) ?? undefined)
    const limit = Number(query.get('limit') ?? LIMIT)
    this.asked.push({ timeframe: timeframe!, symbol: symbol!, from, to, limit, tag })
    if (!TIMEFRAMES.some(({ name }) => name === timeframe) || limit > MAX_LIMIT)
      return refusal(400, 'BAD_REQUEST', 'That may not be asked for.')
    const all = this.#candles.filter(candle => candle.source === source && candle.symbol === symbol)
    if (all.length === 0)
      return refusal(404, 'UNKNOWN_SYMBOL', `There are no candles of “${symbol}” from “${source}”.`)
    const etag = `W/"${this.#version}"`
    if (tag === etag) return { status: 304, headers: { etag }, body: '' }
    const [fromUs, toUs] = [from ?? '0000-01-01', to ?? '9999-01-01'].map(time => Date.parse(time) * 1000)
    const within = all.filter(
      candle => candle.timeframe === timeframe && candle.dateTimeUs >= fromUs! && candle.dateTimeUs < toUs!,
    )
    const page = within.slice(-limit)
    const older = within.length > limit ? formatDateTime(page[0]!.dateTimeUs) : null
    const status = { ...this.status, serverTime: new Date(this.nowMs()).toISOString() }
    return {
      status: 200,
      headers: { etag },
      body: { source, symbol, timeframe, candles: page.map(candle => this.#answered(candle)), older, status },
    }
  }

  #answered(candle: Candle): Answered & { updatedAt: string } {
    const { source, symbol, timeframe, dateTimeUs, updatedAtUs, ...values } = candle
    const live = this.#live.get(JSON.stringify([source, symbol, timeframe, dateTimeUs]))
    return {
      dateTime: formatDateTime(dateTimeUs),
      ...values,
      updatedAt: formatDateTime(updatedAtUs),
      ...live,
    }
  }
}

/** An error answer. */
export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Answer {
  return { status, headers, body: { error: { code, message } } }
}
