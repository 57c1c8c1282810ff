// The frame of every page: head, skip link, header with navigation, main, footer. No inline script or style, so the
// content security policy can forbid both.
//
// Tabs and sidebars outside the header are no `nav` elements: RealWorld's browser suite looks for the visitor's own
// name once inside `nav`.

import { html } from 'hono/html'
import { profilePath } from '../paths.ts'
import { asset } from '../static-assets.ts'
import type { Visitor } from '../visitor.ts'
import { avatar } from './avatar.ts'
import type { Html, MaybeHtml } from './html.ts'
import { icon } from './icon.ts'

export interface PageFrame {
  /** Shown in the tab before the site's name; without it the name stands alone. */
  readonly title?: string
  readonly description?: string
  /** Path of the page, which marks its entry in the navigation. */
  readonly path: string
  readonly visitor: Visitor | undefined
}

export function layout(frame: PageFrame, content: Html): Html {
  const { title, description = 'A place to share your knowledge.', visitor } = frame
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title === undefined ? 'Conduit' : `${title} · Conduit`}</title>
        <meta name="description" content="${description}" />
        ${visitor === undefined ? '' : html`<meta name="api-token" content="${visitor.token}" />`}
        <link rel="icon" href="${asset('favicon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${asset('conduit.css')}" />
        <script src="${asset('conduit.js')}" type="module"></script>
      </head>
      <body>
        <a class="skip-link" href="#content">Skip to content</a>
        <header>${navigation(frame)}</header>
        <main id="content" tabindex="-1">${content}</main>
        <footer class="site-footer">
          <div class="container">
            <a class="logo-font" href="/">conduit</a>
            <span class="attribution">A place to share your knowledge.</span>
          </div>
        </footer>
      </body>
    </html>`
}

function navigation({ path, visitor }: PageFrame): Html {
  const entry = (href: string, label: Html | string): Html => {
    const here = path === href
    return html`<li class="nav-item">
      <a class="nav-link${here ? ' active' : ''}" href="${href}" ${current(here)}>${label}</a>
    </li>`
  }
  const own: MaybeHtml[] =
    visitor === undefined
      ? [entry('/login', 'Sign in'), entry('/register', 'Sign up')]
      : [
          entry('/editor', html`${icon('ion-compose')}New Article`),
          entry('/settings', html`${icon('ion-gear-a')}Settings`),
          entry(
            profilePath(visitor.username),
            html`${avatar(visitor.image, 26, 'user-pic')}<span class="name">${visitor.username}</span>`,
          ),
        ]
  return html`<nav class="navbar navbar-light" aria-label="Main">
    <div class="container">
      <a class="navbar-brand" href="/">conduit</a>
      <ul class="nav navbar-nav">
        ${entry('/', 'Home')}${own}
      </ul>
    </div>
  </nav>`
}

/** The attribute that tells a screen reader "this is where you are". */
export function current(here: boolean): MaybeHtml {
  return here ? html` aria-current="page"` : ''
}
