// A visitor of Conduit on stage `balanced` who is logged in while every web server is replaced by another one.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPando, type Pando } from '../support/pando.ts'
import { openBrowser, visitor } from './browser.ts'
import {
  comment,
  ownPicture,
  PIXEL,
  publish,
  register,
  seen,
  somebody,
  uploadAvatar,
} from './conduit-pages.ts'

let site: Pando
let browser: Browser

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startPando({ env: { PANDO_STAGE: 'balanced' } }), openBrowser()])
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await site?.[Symbol.asyncDispose]()
})

const webPids = async (): Promise<number[]> =>
  (await site.status()).members.filter(({ tier }) => tier === 'web').map(({ pid }) => pid)

test('a logged-in visitor goes on while every web server is replaced, and keeps the picture uploaded before', async () => {
  const person = somebody('stayer')
  await using reading = await visitor(browser, site.url)
  const { page, complaints } = reading
  await register(page, person)
  await uploadAvatar(page, { name: 'me.png', content: PIXEL })
  const picture = await ownPicture(page)
  const path = await publish(page, { title: 'On staying', body: 'Here.', tags: [] })
  const before = await webPids()

  const replaced = new AbortController()
  const replacing = site.command('restart', 'web').finally(() => replaced.abort())
  for (let visit = 1; !replaced.signal.aborted; visit++) {
    await page.goto(path)
    await comment(page, `Still here, visit ${visit}.`)
    await seen(page, `nav a[href="/profile/${person.username}"]`)
  }
  await replacing

  expect((await webPids()).filter((pid) => before.includes(pid))).toEqual([])
  await page.goto('/')
  await seen(page, `nav a[href="/profile/${person.username}"]`)
  expect(await ownPicture(page)).toBe(picture)
  expect(complaints).toEqual([])
})
