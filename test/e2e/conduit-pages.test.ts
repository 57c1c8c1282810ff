// Conduit's rendered pages in a real browser, on a real installation: what people do there, with JavaScript and without.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, openBrowser, overflowWidth, PHONE, visitor } from './browser.ts'
import {
  comment,
  logIn,
  logOut,
  openSite,
  ownPicture,
  PIXEL,
  publish,
  register,
  seen,
  somebody,
  textsOf,
  uploadAvatar,
  type Site,
} from './conduit-pages.ts'

let site: Site
let browser: Browser

beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite(), openBrowser()])
})

afterAll(async () => {
  await browser?.close()
  await site?.[Symbol.asyncDispose]()
})

describe.each([
  { how: 'with JavaScript', javaScriptEnabled: true },
  { how: 'without JavaScript', javaScriptEnabled: false },
])('a visitor $how', ({ javaScriptEnabled }) => {
  test('registers, writes with tags, uploads a picture, comments, favours, follows, logs out and in', async () => {
    const [author, reader] = [somebody('author'), somebody('reader')]
    await using writing = await visitor(browser, site.url, { javaScriptEnabled })
    await using reading = await visitor(browser, site.url, { javaScriptEnabled })

    await register(writing.page, author)
    await uploadAvatar(writing.page, { name: 'me.png', content: PIXEL })
    expect(await ownPicture(writing.page)).toMatch(/^\/avatars\/\d+\/[0-9a-f-]{36}\.png$/)
    const path = await publish(writing.page, {
      title: 'On tides',
      body: '# The moon\n\nIt *pulls*.',
      tags: ['sea', 'moon'],
    })
    expect(await textsOf(writing.page, '.tag-list .tag-default')).toEqual(['sea', 'moon'])
    expect(await textsOf(writing.page, '.article-content h1')).toEqual(['The moon'])

    await register(reading.page, reader)
    await reading.page.goto(path)
    await comment(reading.page, 'I saw one.')
    await reading.page.locator('.banner >> text=Favorite Article').click()
    await seen(reading.page, '.banner >> text=Unfavorite Article (1)')
    await reading.page.locator(`.banner >> text=Follow ${author.username}`).click()
    await seen(reading.page, `.article-actions >> text=Unfollow ${author.username}`)
    await reading.page.goto('/?feed=following')
    expect(await textsOf(reading.page, '.article-preview h1')).toEqual(['On tides'])
    await reading.page.goto(`/profile/${reader.username}/favorites`)
    expect(await textsOf(reading.page, '.article-preview h1')).toEqual(['On tides'])

    await logOut(reading.page)
    await logIn(reading.page, reader)
    await reading.page.goto(path)
    await reading.page.getByRole('button', { name: 'Delete comment' }).click()
    await reading.page.locator('.card-text').waitFor({ state: 'detached' })

    expect([...writing.complaints, ...reading.complaints]).toEqual([])
  })

  test('changes and deletes an article of their own, and gets no such buttons on another', async () => {
    await using writing = await visitor(browser, site.url, { javaScriptEnabled })
    await using reading = await visitor(browser, site.url, { javaScriptEnabled })
    await register(writing.page, somebody('editor'))
    const path = await publish(writing.page, { title: 'A draft', body: 'First.', tags: ['early'] })

    await writing.page.locator('.banner >> text=Edit Article').click()
    await writing.page.fill('input[name="title"]', 'A finished text')
    await writing.page.getByRole('button', { name: 'Publish Article' }).click()
    await seen(writing.page, '.banner h1 >> text=A finished text')
    expect(await textsOf(writing.page, '.tag-list .tag-default')).toEqual(['early'])

    await reading.page.goto(path)
    expect(await reading.page.locator('text=Edit Article').count()).toBe(0)
    expect(await reading.page.locator('text=Delete Article').count()).toBe(0)

    await writing.page.locator('.banner >> text=Delete Article').click()
    await writing.page.waitForURL('/')
    expect((await reading.page.goto(path))?.status()).toBe(404)
    expect(writing.complaints).toEqual([])
  })

  test('sees what is wrong with a form above it and keeps what was typed, except the password', async () => {
    const person = somebody('taken')
    await using first = await visitor(browser, site.url, { javaScriptEnabled })
    await using second = await visitor(browser, site.url, { javaScriptEnabled })
    await register(first.page, person)

    await second.page.goto('/register')
    await second.page.fill('input[name="username"]', person.username)
    await second.page.fill('input[name="email"]', 'other@example.com')
    await second.page.fill('input[name="password"]', person.password)
    await second.page.getByRole('button', { name: 'Sign up' }).click()

    await seen(second.page, '.error-messages')
    expect(await textsOf(second.page, '.error-messages li')).toEqual(['username has already been taken'])
    expect(await second.page.inputValue('input[name="email"]')).toBe('other@example.com')
    expect(await second.page.inputValue('input[name="password"]')).toBe('')
  })

  test('who is not logged in is sent to log in and comes back', async () => {
    const person = somebody('returning')
    await using known = await visitor(browser, site.url, { javaScriptEnabled })
    await register(known.page, person)
    await logOut(known.page)

    await known.page.goto('/settings')
    expect(new URL(known.page.url()).pathname).toBe('/login')
    await known.page.fill('input[name="email"]', person.email)
    await known.page.fill('input[name="password"]', person.password)
    await known.page.getByRole('button', { name: 'Sign in' }).click()
    await known.page.waitForURL('/settings')

    expect(await known.page.inputValue('input[name="username"]')).toBe(person.username)
  })
})

describe('the script', () => {
  test('keeps the API token while somebody is logged in and no longer', async () => {
    await using someone = await visitor(browser, site.url)
    const token = (): Promise<string | null> =>
      someone.page.evaluate(() =>
        (globalThis as unknown as { localStorage: Storage }).localStorage.getItem('jwtToken'),
      )

    await register(someone.page, somebody('token'))
    const answer = await fetch(`${site.url}/api/user`, {
      headers: { authorization: `Token ${await token()}` },
    })
    expect(answer.status).toBe(200)

    await logOut(someone.page)
    expect(await token()).toBeNull()
  })

  test('favours without loading the page again', async () => {
    await using someone = await visitor(browser, site.url)
    await register(someone.page, somebody('liker'))
    await publish(someone.page, { title: 'To be liked', body: 'Text.', tags: [] })
    await someone.page.goto('/')
    await someone.page.locator('h1.logo-font').evaluate((heading) => heading.setAttribute('data-kept', ''))

    await someone.page.locator('.article-preview form button').first().click()
    await seen(someone.page, '.article-preview form[action$="/unfavorite"]')

    expect(await someone.page.locator('h1[data-kept]').count()).toBe(1)
    expect(someone.complaints).toEqual([])
  })

  test('turns tags into pills that can be taken away', async () => {
    await using someone = await visitor(browser, site.url)
    await register(someone.page, somebody('tagger'))
    await someone.page.goto('/editor')
    const input = someone.page.getByPlaceholder('Enter tags')

    await input.fill('one')
    await input.press('Enter')
    await input.fill('two')
    await input.press('Enter')
    await someone.page.getByRole('button', { name: 'Remove tag one' }).click()

    expect(await textsOf(someone.page, '.tag-list .tag-pill > span, .tag-list .tag-pill')).toHaveLength(1)
    expect(await someone.page.inputValue('.tag-list input[name="tag"]')).toBe('two')
  })
})

describe('every page', () => {
  test('fits a phone, opens to assistive technology, and makes the browser complain about nothing', async () => {
    const person = somebody('everywhere')
    await using someone = await visitor(browser, site.url, { viewport: PHONE })
    const check = async (path: string): Promise<unknown> => {
      await someone.page.goto(path)
      return { path, barriers: await barriers(someone.page), overflow: await overflowWidth(someone.page) }
    }
    const fine = (path: string): unknown => ({ path, barriers: [], overflow: 0 })
    for (const path of ['/login', '/register', '/']) expect(await check(path)).toEqual(fine(path))

    await register(someone.page, person)
    const article = await publish(someone.page, {
      title: `Unbreakable ${'w'.repeat(120)}`,
      body: `${'x'.repeat(300)}\n\n    ${'code '.repeat(60)}\n\n| a | b |\n| - | - |\n| ${'y'.repeat(80)} | ${'z'.repeat(80)} |`,
      tags: ['t'.repeat(50), 'short'],
    })
    await comment(someone.page, 'c'.repeat(200))
    const profile = `/profile/${person.username}`
    const pages = ['/', '/?feed=following', '/tag/short', '/editor', '/settings', article, profile]
    for (const path of [...pages, `${profile}/favorites`]) expect(await check(path)).toEqual(fine(path))

    expect(someone.complaints).toEqual([])
  })
})
