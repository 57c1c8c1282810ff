import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { answeringLinks, filesConfig, openFiles, type OpenedFiles } from '../../src/files/index.ts'
import { createWebServer, webConfig, type Handler, type WebServer } from '../../src/web/index.ts'
import { fakeClock } from '../../src/testing/clock.ts'

const base = await mkdtemp(join(tmpdir(), 'pando-files-links-'))
afterAll(() => rm(base, { recursive: true }))

const clock = fakeClock()
const silent = createLogger({ write: () => {} })
let roots = 0
const newFiles = (dir = join(base, String(++roots))): Promise<OpenedFiles> =>
  openFiles({ dir, settings: filesConfig.parse({ maxBytes: 1_000 }), linkSecret: 'shared', clock })

const APPS: { readonly kind: string; readonly app: Handler }[] = [
  { kind: 'a fetch handler', app: { fetch: () => new Response('the application') } },
  {
    kind: 'a Node listener',
    app: { listener: (_: IncomingMessage, answer: ServerResponse) => answer.end('the application') },
  },
]

describe.each(APPS)('links of a directory in front of $kind', ({ app }) => {
  const serve = async (files: OpenedFiles): Promise<{ site: string; server: WebServer }> => {
    const handler = answeringLinks(app, files.answerLink)
    const settings = webConfig.parse({ port: 0, processes: 1, announceMs: 0 })
    const server = createWebServer({ handler, settings, log: silent })
    await server.start()
    return { site: `http://127.0.0.1:${server.address!.port}`, server }
  }

  test('let in the upload that they were made for, and downloads with conditions and ranges', async () => {
    await using files = await newFiles()
    const { site, server } = await serve(files)
    await using _server = server

    const { url, ...init } = await files.uploadUrl('é/a+b c', { contentType: 'image/png', sizeBytes: 5 })
    const sent = await fetch(site + url, { ...init, body: 'hello' })
    const link = site + (await files.downloadUrl('é/a+b c'))
    const got = await fetch(link)
    const part = await fetch(link, { headers: { range: 'bytes=1-2' } })

    expect(sent.status).toBe(204)
    expect([await got.text(), got.headers.get('content-type')]).toEqual(['hello', 'image/png'])
    expect([part.status, await part.text()]).toEqual([206, 'el'])
    expect((await fetch(`${site}/other`)).status).toBe(200)
    expect(await (await fetch(`${site}/-/other`)).text()).toBe('the application')
  })

  test('let in no other size, media type, name or method, and nothing without their signature', async () => {
    await using files = await newFiles()
    const { site, server } = await serve(files)
    await using _server = server
    const { url } = await files.uploadUrl('f', { contentType: 'image/png', sizeBytes: 5 })
    const put = (to: string, body: string | ReadableStream, type = 'image/png'): Promise<Response> =>
      fetch(site + to, {
        method: 'PUT',
        headers: { 'content-type': type },
        body,
        duplex: 'half',
      })

    const answers = await Promise.all([
      put(url, 'too long'),
      put(url, '1'),
      put(url, new Blob(['hello']).stream()),
      put(url, 'hello', 'text/html'),
      put(url.replace('/f?', '/g?'), 'hello'),
      put(url.split('?')[0]!, 'hello'),
      fetch(site + url),
    ])

    expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(403))
    expect(await answers[0].text()).toContain('FILES_LINK_INVALID')
    expect(await files.head('f')).toBeUndefined()
  })

  test('work in every process of the installation, until they expire', async () => {
    const dir = join(base, String(++roots))
    await using one = await newFiles(dir)
    await using other = await newFiles(dir)
    const { site, server } = await serve(other)
    await using _server = server
    await one.put('f', Buffer.from('hello'))
    const url = await one.downloadUrl('f', { expiresMs: 60_000 })

    const before = await fetch(site + url)
    await clock.advance(60_000)
    const after = await fetch(site + url)

    expect([before.status, await before.text(), after.status]).toEqual([200, 'hello', 403])
  })

  test('for more than the topology accepts are not made', async () => {
    await using files = await newFiles()

    const refused = files.uploadUrl('f', { contentType: 'image/png', sizeBytes: 1_001 })

    await expect(refused).rejects.toMatchObject({ code: 'FILES_TOO_LARGE', details: { maxBytes: 1_000 } })
  })
})
