import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bundlePage } from '../../bundlePage.ts'
import { respond } from '../../lib/lambda/http.ts'
import { pageRoutes } from '../../lib/lambda/pageRoutes.ts'
import { eventOf } from '../browser/host.ts'

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined }
const page = await bundlePage()
const routes = pageRoutes(page)
const get = (url: string, headers: Record<string, string> = {}) =>
  respond(routes, eventOf({ url, headers }), log)
/** The hashed name of a file of the page. */
const nameOf = (start: string) => Object.keys(page.files).find(name => name.startsWith(start))!

describe('the page', () => {
  test('is one document with all of our styles and scripts; it names two more files, which are there', async () => {
    const { headers, body } = await get('/')
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    })
    const named = [...body!.matchAll(/(?:href=|src=|from)"(?:\.\/)?(page\/[^"]+)"/g)].map(([, path]) => path!)
    expect([...new Set(named)].sort()).toEqual(
      [`page/${nameOf('icon-')}`, `page/${nameOf('lightweight-charts-')}`].sort(),
    )
    for (const path of named) expect([path, (await get(`/${path}`)).statusCode]).toEqual([path, 200])
    expect(body).not.toMatch(/<script[^>]* src=|<link rel="stylesheet"/)
  })

  test('may run its own scripts and styles alone, each by its hash, and no text as code', async () => {
    const { headers, body } = await get('/')
    const policy = String(headers!['content-security-policy'])
    const [script = '', style = ''] = ['script-src', 'style-src'].map(name =>
      policy.split('; ').find(part => part.startsWith(name)),
    )
    expect(script.match(/'sha256-[\w+/]{43}='/g)).toHaveLength([...body!.matchAll(/<script/g)].length)
    expect(style).toMatch(/^style-src 'sha256-[\w+/]{43}='$/)
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).not.toMatch(/unsafe|eval|\*|https?:/)
  })

  test('is kept by its tag, and its files for ever, as a changed one has another name', async () => {
    const types = {
      [nameOf('icon-')]: 'image/svg+xml',
      [nameOf('lightweight-charts-')]: 'text/javascript',
    }
    for (const [name, type] of Object.entries(types)) {
      expect((await get(`/page/${name}`)).headers).toMatchObject({
        'content-type': `${type}; charset=utf-8`,
        'cache-control': 'public, max-age=31536000, immutable',
      })
    }
    for (const url of ['/', `/page/${nameOf('icon-')}`]) {
      const { headers } = await get(url)
      const again = await get(url, { 'if-none-match': String(headers!.etag) })
      expect(again).toMatchObject({ statusCode: 304, body: '' })
      expect(again.headers).toMatchObject({ 'cache-control': headers!['cache-control'], etag: headers!.etag })
    }
  })

  test('its chart library, 198 kB, goes over the line in less than a third', async () => {
    const url = `/page/${nameOf('lightweight-charts-')}`
    const answer = await get(url, { 'accept-encoding': 'gzip, br' })
    expect(answer).toMatchObject({
      isBase64Encoded: true,
      headers: { 'content-encoding': 'gzip', vary: 'accept-encoding' },
    })
    const bytes = Buffer.from(answer.body!, 'base64')
    expect(bytes.length * 3).toBeLessThan(gunzipSync(bytes).length)
    expect(gunzipSync(bytes).toString()).toBe((await get(url)).body)
  })

  test('our own code is 200 kB at most, as it lies in page/', () => {
    const folder = fileURLToPath(new URL('../../page', import.meta.url))
    const names = readdirSync(folder).filter(name => /\.(js|css|html|svg)$/.test(name))
    const bytes = names.reduce((sum, name) => sum + statSync(`${folder}/${name}`).size, 0)
    expect(bytes).toBeLessThanOrEqual(200_000)
  })

  test.each(['app.js', 'index.html', 'tsconfig.json', '..%2fpackage.json', 'constructor'])(
    'there is no /page/%s',
    async name => {
      const { statusCode, body } = await get(`/page/${name}`)
      expect(statusCode).toBe(404)
      expect(JSON.parse(body!)).toEqual({
        error: { code: 'NOT_FOUND', message: 'There is nothing at this address.' },
      })
    },
  )
})
