// Chromium for tests of rendered pages, and what such a test asks of every page it visits.

import { existsSync } from 'node:fs'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'

const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** The browser named by CHROMIUM, or the first of the usual places. @throws with the line that installs one */
export function chromiumPath(): string {
  const named = process.env['CHROMIUM']
  const path = (named === undefined ? USUAL_PATHS : [named]).find((candidate) => existsSync(candidate))
  if (path !== undefined) return path
  throw new Error(
    `${named === undefined ? 'No Chromium was found in the usual places' : `CHROMIUM names ${named}, which does not exist`}. ` +
      'Install it with `apt-get install -y chromium` (macOS: `brew install --cask chromium`), or set CHROMIUM to its path.',
  )
}

/** Quiet: it asks nothing of the network but the pages under test. */
export function openBrowser(): Promise<Browser> {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [
      ...asRoot,
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export const PHONE = { width: 390, height: 844 } as const
export const DESKTOP = { width: 1280, height: 800 } as const

/** A visitor with cookies of their own, who notes what the browser complains about. */
export interface Visitor extends AsyncDisposable {
  readonly page: Page
  /** Console errors (among them every breach of the content security policy) and uncaught exceptions so far. */
  readonly complaints: string[]
}

export async function visitor(
  browser: Browser,
  baseURL: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context: BrowserContext = await browser.newContext({ baseURL, viewport: DESKTOP, ...options })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} (${page.url()})`)
  })
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() }
}

/** How far the page reaches beyond its window, in pixels; 0 when nothing has to be scrolled sideways. */
export function overflowWidth(page: Page): Promise<number> {
  return page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth)
}

/** What keeps people with assistive technology out, as sentences; empty when nothing does. */
export async function barriers(page: Page): Promise<string[]> {
  const count = (selector: string): Promise<number> => page.locator(selector).count()
  const found: string[] = []
  const headings = await topHeadings(page)
  if (headings !== 1) found.push(`${headings} headings of level 1`)
  if ((await page.getByRole('main').count()) !== 1) found.push('not exactly one main landmark')
  if ((await count('html[lang]')) !== 1) found.push('no language')
  if ((await page.title()) === '') found.push('no title')
  if ((await count('img:not([alt])')) > 0) found.push('a picture without alt')
  for (const control of await page.locator('input:not([type=hidden]), textarea, select').all()) {
    const labels = await control.evaluate(
      (element) => (element as unknown as { labels: { length: number } }).labels.length,
    )
    if (labels === 0) found.push(`no label for ${await control.getAttribute('name')}`)
  }
  for (const control of await page.locator('button:visible, a:visible').all()) {
    const named = ((await control.innerText()) || (await control.getAttribute('aria-label'))) ?? ''
    const hidden = await control.getAttribute('aria-hidden')
    if (named.trim() === '' && hidden !== 'true') found.push(`no name for ${await control.innerHTML()}`)
  }
  return found
}

interface AccessibilityNode {
  readonly ignored: boolean
  readonly role?: { readonly value?: string }
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[]
}

/** Headings of level 1 as the browser tells them to assistive technology, where `aria-level` outranks the element. */
async function topHeadings(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page)
  const { nodes } = (await devtools.send('Accessibility.getFullAXTree')) as { nodes: AccessibilityNode[] }
  await devtools.detach()
  const level = ({ properties = [] }: AccessibilityNode): unknown =>
    properties.find(({ name }) => name === 'level')?.value.value
  return nodes.filter((node) => !node.ignored && node.role?.value === 'heading' && level(node) === 1).length
}
