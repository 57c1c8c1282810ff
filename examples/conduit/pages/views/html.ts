// What a view gives: HTML in which every interpolated value is already escaped (by the `html` tag of hono/html).

import type { HtmlEscapedString } from 'hono/utils/html'

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

/** Nothing, where a view has nothing to show. The `html` tag leaves it out. */
export type MaybeHtml = Html | '' | null
