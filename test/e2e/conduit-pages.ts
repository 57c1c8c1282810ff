// What people do on Conduit's pages, as steps of a browser test. They work with JavaScript and without.

import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { startPando } from '../support/pando.ts'

export interface Site extends AsyncDisposable {
  readonly url: string
}

/** The site under test: the one at CONDUIT_URL, or an installation of its own on stage `single`. */
export async function openSite(): Promise<Site> {
  const url = process.env['CONDUIT_URL']
  return url === undefined ? startPando() : { url, [Symbol.asyncDispose]: async () => {} }
}

export interface Person {
  readonly username: string
  readonly email: string
  readonly password: string
}

/** Somebody whose name nobody has had before. */
export function somebody(name: string): Person {
  const username = `${name}-${crypto.randomUUID().slice(0, 8)}`
  return { username, email: `${username}@example.com`, password: 'a long enough password' }
}

/** A picture of one transparent pixel (PNG). */
export const PIXEL: Buffer = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

export async function register(page: Page, person: Person): Promise<void> {
  await page.goto('/register')
  await page.fill('input[name="username"]', person.username)
  await page.fill('input[name="email"]', person.email)
  await page.fill('input[name="password"]', person.password)
  await page.getByRole('button', { name: 'Sign up' }).click()
  await page.waitForURL('/')
  await seen(page, `nav a[href="/profile/${person.username}"]`)
}

export async function logIn(page: Page, person: Person): Promise<void> {
  await page.goto('/login')
  await page.fill('input[name="email"]', person.email)
  await page.fill('input[name="password"]', person.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('/')
  await seen(page, `nav a[href="/profile/${person.username}"]`)
}

export async function logOut(page: Page): Promise<void> {
  await page.goto('/settings')
  await page.getByRole('button', { name: 'Or click here to logout.' }).click()
  await page.waitForURL('/')
  await seen(page, 'nav a[href="/login"]')
}

/** Publishes an article and returns the path of its page. */
export async function publish(
  page: Page,
  article: { readonly title: string; readonly body: string; readonly tags: readonly string[] },
): Promise<string> {
  await page.goto('/editor')
  await page.fill('input[name="title"]', article.title)
  await page.fill('input[name="description"]', `About ${article.title}`)
  await page.fill('textarea[name="body"]', article.body)
  await page.fill('input[name="tagList"]', article.tags.join(', '))
  await page.getByRole('button', { name: 'Publish Article' }).click()
  await page.waitForURL('/article/**')
  return new URL(page.url()).pathname
}

export async function uploadAvatar(page: Page, file: { name: string; content: Buffer }): Promise<void> {
  await page.goto('/settings')
  await page.setInputFiles('input[name="avatar"]', {
    name: file.name,
    mimeType: 'image/png',
    buffer: file.content,
  })
  await page.getByRole('button', { name: 'Upload picture' }).click()
}

export async function comment(page: Page, body: string): Promise<void> {
  await page.fill('textarea[name="body"]', body)
  await page.getByRole('button', { name: 'Post Comment' }).click()
  await seen(page, `.card .card-text >> text=${body}`)
}

/** Waits until the page shows it. */
export async function seen(page: Page, selector: string): Promise<void> {
  await page.locator(selector).first().waitFor({ state: 'visible' })
}

export async function textsOf(page: Page, selector: string): Promise<string[]> {
  return (await page.locator(selector).allInnerTexts()).map((text) => text.trim())
}

/** The address of the visitor's own picture in the header, once it has loaded. */
export async function ownPicture(page: Page): Promise<string> {
  const picture = page.locator('nav img.user-pic')
  await expect
    .poll(() => picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
    .toBeGreaterThan(0)
  return (await picture.getAttribute('src')) ?? ''
}
