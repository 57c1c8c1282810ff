// An article's body as HTML: Markdown by marked, then an allow-list by sanitize-html. The order matters: Markdown may
// carry HTML, and the list is the last thing that touches it. Headings keep their element (RealWorld renders `#` as
// `h1`) and say their level below the page's title to assistive technology.

import { html, raw } from 'hono/html'
import { Marked } from 'marked'
import sanitize from 'sanitize-html'
import type { Html } from './views/html.ts'

const marked = new Marked({ gfm: true, breaks: false })

const heading = (level: number): sanitize.Transformer => {
  return (tagName) => ({ tagName, attribs: { 'aria-level': String(Math.min(level + 1, 6)) } })
}

const RULES: sanitize.IOptions = {
  allowedTags: (
    'h1 h2 h3 h4 h5 h6 p br hr blockquote pre code ul ol li strong em b i del s sub sup kbd a img ' +
    'table thead tbody tr th td div'
  ).split(' '),
  allowedAttributes: {
    a: ['href', 'title', 'rel'],
    img: ['src', 'alt', 'title', 'loading', 'decoding', 'referrerpolicy'],
    ol: ['start'],
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, ['aria-level']])),
  },
  allowedSchemes: ['https', 'http', 'mailto'],
  allowedSchemesByTag: { img: ['https'] },
  allowProtocolRelative: false,
  // A body is at most tens of kilobytes, but markup can nest once every few bytes; browsers stop at 512.
  nestingLimit: 50,
  transformTags: {
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, heading(level)])),
    a: (tagName, { href, title }) => ({
      tagName,
      attribs: { ...(href && { href }), ...(title && { title }), rel: 'nofollow noopener ugc' },
    }),
    img: (tagName, { src, alt, title }) => ({
      tagName,
      attribs: {
        ...(src && { src }),
        ...(title && { title }),
        alt: alt ?? '',
        loading: 'lazy',
        decoding: 'async',
        referrerpolicy: 'no-referrer',
      },
    }),
  },
  exclusiveFilter: ({ tag, attribs }) => tag === 'img' && !/^https:/i.test(attribs['src'] ?? ''),
}

/** Safe HTML for any text. `raw` is justified: what it wraps has just been through the allow-list. */
export function articleHtml(markdown: string): Html {
  const rendered = parse(markdown)
  if (rendered === undefined) return html`<pre>${markdown}</pre>`
  // Wide tables scroll by themselves; the page does not. Our own markup around the author's, after the allow-list.
  return raw(
    sanitize(rendered, RULES)
      .replaceAll('<table>', `${TABLE_SCROLL}<table>`)
      .replaceAll('</table>', '</table></div>'),
  )
}

const TABLE_SCROLL = '<div class="table-scroll" role="region" aria-label="Table" tabindex="0">'

/**
 * HTML that is not safe yet. Undefined for what the parser cannot take: it recurses, so a body of nothing but `>`
 * exhausts the stack after a third of a second.
 */
function parse(markdown: string): string | undefined {
  try {
    return marked.parse(markdown, { async: false })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
