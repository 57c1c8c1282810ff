import type { HtmlEscapedString } from 'hono/utils/html'
import { describe, expect, test } from 'vitest'
import { articleHtml } from './markdown.ts'

const rendered = (markdown: string): string => (articleHtml(markdown) as HtmlEscapedString).toString()

describe('an article body', () => {
  test('becomes paragraphs, headings, lists and code', () => {
    const html = rendered('# Title\n\nText *with* stress.\n\n- one\n\n```\na < b\n```')

    expect(html).toContain('<h1 aria-level="2">Title</h1>')
    expect(html).toContain('<p>Text <em>with</em> stress.</p>')
    expect(html).toContain('<li>one</li>')
    expect(html).toContain('<pre><code>a &lt; b')
  })

  test('links without a word for them to search engines and without a way back to this window', () => {
    expect(rendered('[x](https://example.com)')).toContain(
      '<a href="https://example.com" rel="nofollow noopener ugc">x</a>',
    )
  })

  test('shows pictures from https addresses only', () => {
    expect(rendered('![a](https://example.com/a.png)')).toContain('<img src="https://example.com/a.png"')
    expect(rendered('![a](http://example.com/a.png)')).not.toContain('<img')
    expect(rendered('![a](data:image/png;base64,AAAA)')).not.toContain('<img')
  })

  test('keeps a wide table in a box that scrolls by itself', () => {
    expect(rendered('| a |\n| - |\n| b |')).toMatch(
      /<div class="table-scroll"[^>]*><table>.*<\/table><\/div>/s,
    )
  })

  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)></svg>',
    '<svg><style><img src=x onerror=alert(1)></style></svg>',
    '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '[x](javascript:alert(1))',
    '[x](  jAvAsCrIpT:alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](java\tscript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vbscript:alert(1))',
    '<a href="//evil.example">x</a><iframe src="https://evil.example"></iframe>',
    '<form action="/logout" method="post"><button>Click</button></form>',
    '<p style="position:fixed;inset:0" class="btn" id="content" onclick="alert(1)">x</p>',
    '<base href="https://evil.example"><meta http-equiv="refresh" content="0;url=https://evil.example">',
    '![x](https://a.example/"onerror="alert(1))',
    '`</code><script>alert(1)</script>`',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  ])('carries nothing that acts: %s', (markdown) => {
    const html = rendered(markdown)

    expect(tagsIn(html).filter((tag) => !HARMLESS_TAG.test(tag))).toEqual([])
  })

  test('that nests deeper than the parser can go is shown as it was written', () => {
    expect(rendered('>'.repeat(60_000))).toBe(`<pre>${'&gt;'.repeat(60_000)}</pre>`)
  })

  test('of nothing but openings is answered all the same', () => {
    expect(rendered('[('.repeat(20_000))).toBeTypeOf('string')
    expect(rendered('- '.repeat(5_000) + 'x')).toBeTypeOf('string')
  })
})

const tagsIn = (html: string): string[] => html.match(/<[^>]*>/g) ?? []

/** Elements and attributes that the page can show without any of them doing something. */
const HARMLESS_TAG =
  /^<div class="table-scroll" role="region" aria-label="Table" tabindex="0">$|^<\/div>$|^<\/?(?:p|em|strong|code|pre|br|ul|ol|li|h[1-6]|table|thead|tbody|tr|t[hd])>$|^<\/a>$|^<a(?: href="https?:\/\/[^"]*")? rel="nofollow noopener ugc">$|^<img src="https:\/\/[^"]*" alt="[^"]*" loading="lazy" decoding="async" referrerpolicy="no-referrer" \/>$/
