// Patterns of routes, as `defineApp({ idempotent })` lists them: `POST /api/articles/*/comments`. The balancer's
// configuration is generated from them, so a pattern is made of a closed set of characters and nothing written in one
// can end up as anything but a path.
//
// A pattern is compared with the path as it stands in the request line, without the query: no decoding, no folding of
// case, no removal of a slash at the end. A path that is written in another way is another path.

import assert from 'node:assert/strict'

/** The methods that can be declared. GET, HEAD and OPTIONS are safe by definition (RFC 9110 §9.2.1). */
export const ROUTE_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const
export type RouteMethod = (typeof ROUTE_METHODS)[number]

/** `POST /api/articles/*` is `{ method: 'POST', segments: ['api', 'articles', '*'] }`. */
export interface RoutePattern {
  readonly method: RouteMethod
  /** Text that stands for itself, `*` for any one segment, and last of all `**` for one segment or more. */
  readonly segments: readonly string[]
}

const MAX_CHARACTERS = 200
// The unreserved characters of RFC 3986 §2.3, and octets written as it wants them compared (§6.2.2.1).
const LITERAL = /^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+$/

/** Why `text` is no pattern, to follow its name: `has the method "post", …`. Undefined when it is one. Pure. */
export function routePatternProblem(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'is not a text such as "POST /api/articles"'
  if (text.length > MAX_CHARACTERS) return `is longer than ${MAX_CHARACTERS} characters`
  const [method, path, ...more] = text.split(' ')
  if (path === undefined || more.length > 0)
    return 'is not a method, one space and a path such as "POST /api/articles"'
  if (!isRouteMethod(method))
    return `has the method ${JSON.stringify(method)}, which is not one of ${ROUTE_METHODS.join(', ')}`
  if (!path.startsWith('/')) return 'has a path that does not begin with "/"'
  const segments = segmentsOf(path)
  const wrong = segments.find((segment) => !isSegment(segment))
  if (wrong === '') return 'has an empty segment: "//", or a "/" at the end'
  if (wrong !== undefined)
    return `has the segment ${JSON.stringify(wrong)}, which is neither "*", "**" nor text of a-z, A-Z, 0-9, ".", "_", "~", "-" and octets such as %2F`
  if (segments.slice(0, -1).includes('**')) return 'has "**" before its last segment'
  return undefined
}

/** The pattern that `text` writes. `text` must have no `routePatternProblem`. */
export function parseRoutePattern(text: string): RoutePattern {
  const problem = routePatternProblem(text)
  assert(problem === undefined, `the route pattern ${JSON.stringify(text)} ${problem}`)
  const [method, path] = text.split(' ') as [RouteMethod, string]
  return { method, segments: segmentsOf(path) }
}

/** Whether a request is one of the pattern's. `path` has no query. Pure. */
export function matchesRoute(pattern: RoutePattern, method: string, path: string): boolean {
  return method === pattern.method && new RegExp(routePatternRegex(pattern)).test(path)
}

/**
 * A regular expression for the path without the query, for example `^/api/articles/[^/?]+$`. It means the same to
 * JavaScript and to PCRE, needs no flag, and has no backslash, quote, space, comma or `#` that a configuration file could
 * read in its own way.
 */
export function routePatternRegex({ segments }: RoutePattern): string {
  return `^/${segments.map(segmentRegex).join('/')}$`
}

function segmentRegex(segment: string): string {
  if (segment === '**') return '[^?]+'
  if (segment === '*') return '[^/?]+'
  return segment.replaceAll('.', '[.]')
}

function segmentsOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}

function isSegment(segment: string): boolean {
  // Clients take `.` and `..` out of a path before they send it (RFC 3986 §5.2.4).
  return segment === '*' || segment === '**' || (LITERAL.test(segment) && !/^\.{1,2}$/.test(segment))
}

function isRouteMethod(method: string | undefined): method is RouteMethod {
  return (ROUTE_METHODS as readonly (string | undefined)[]).includes(method)
}
