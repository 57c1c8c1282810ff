import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  matchesRoute,
  parseRoutePattern,
  ROUTE_METHODS,
  routePatternProblem,
  routePatternRegex,
} from './route-pattern.ts'

const HOSTILE = '\n\r\t \\\'"#{}[]()$^|+?*,;%/.aZ09'.split('')
const literal = fc
  .stringMatching(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2}){1,8}$/)
  .filter((text) => text !== '.' && text !== '..')
const pattern = fc
  .tuple(
    fc.constantFrom(...ROUTE_METHODS),
    fc.array(fc.oneof(literal, fc.constant('*')), { maxLength: 6 }),
    fc.constantFrom([], ['**']),
  )
  .map(([method, segments, rest]) => ({ method, segments: [...segments, ...rest] }))
const textOf = ({ method, segments }: { method: string; segments: readonly string[] }): string =>
  `${method} /${segments.join('/')}`

describe('a route pattern', () => {
  test('is a method and the segments of a path', () => {
    expect(parseRoutePattern('POST /api/articles/*/comments')).toEqual({
      method: 'POST',
      segments: ['api', 'articles', '*', 'comments'],
    })
    expect(parseRoutePattern('DELETE /files/**')).toEqual({ method: 'DELETE', segments: ['files', '**'] })
    expect(parseRoutePattern('PATCH /')).toEqual({ method: 'PATCH', segments: [] })
  })

  test.each([
    [7, 'is not a text such as "POST /api/articles"'],
    ['/api', 'is not a method, one space and a path such as "POST /api/articles"'],
    ['POST  /api', 'is not a method, one space and a path such as "POST /api/articles"'],
    ['POST\t/api', 'is not a method, one space and a path such as "POST /api/articles"'],
    ['GET /api', 'has the method "GET", which is not one of POST, PUT, PATCH, DELETE'],
    ['post /api', 'has the method "post", which is not one of POST, PUT, PATCH, DELETE'],
    ['POST api', 'has a path that does not begin with "/"'],
    ['POST /api/', 'has an empty segment: "//", or a "/" at the end'],
    ['POST //api', 'has an empty segment: "//", or a "/" at the end'],
    ['POST /**/api', 'has "**" before its last segment'],
    [`POST /${'a'.repeat(200)}`, 'is longer than 200 characters'],
  ])('%s is refused: it %s', (text, problem) => {
    expect(routePatternProblem(text)).toBe(problem)
  })

  test.each([
    'a*',
    '***',
    ':slug',
    '..',
    '.',
    '%2f',
    '%',
    'a?b',
    'ü',
    'a"b',
    "a'b",
    'a\\d',
    '(a)',
    'a#b',
    'a,b',
  ])('the segment %s is refused', (segment) => {
    expect(routePatternProblem(`POST /${segment}`)).toContain(`has the segment ${JSON.stringify(segment)}`)
  })

  test('of any content parses to what it was written from', () => {
    fc.assert(
      fc.property(pattern, (wanted) => {
        expect(parseRoutePattern(textOf(wanted))).toEqual(wanted)
      }),
    )
  })

  test('is refused, or its expression has no character with a meaning to a configuration file', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ unit: fc.constantFrom(...HOSTILE), maxLength: 20 }),
    )
    fc.assert(
      fc.property(hostile, (text) => {
        const written = `POST /${text}`
        fc.pre(routePatternProblem(written) === undefined)

        expect(routePatternRegex(parseRoutePattern(written))).toMatch(/^\^\/[A-Za-z0-9._~%/[\]^?+-]*\$$/)
      }),
      { numRuns: 2_000 },
    )
  })

  test('that does not parse is a defect of who asks for it', () => {
    expect(() => parseRoutePattern('GET /')).toThrow('the route pattern "GET /" has the method "GET"')
  })
})

describe('a request', () => {
  const matches = (text: string, method: string, path: string): boolean =>
    matchesRoute(parseRoutePattern(text), method, path)

  test('matches a path that is the same, segment for segment', () => {
    expect(matches('POST /api/articles', 'POST', '/api/articles')).toBe(true)
    expect(matches('POST /api/v1.0', 'POST', '/api/v1x0')).toBe(false)
    expect(matches('POST /api/articles', 'POST', '/API/articles')).toBe(false)
    expect(matches('POST /api/articles', 'POST', '/api/articles/')).toBe(false)
    expect(matches('POST /api/articles', 'POST', '/v1/api/articles')).toBe(false)
    expect(matches('POST /', 'POST', '/')).toBe(true)
  })

  test('matches by its method', () => {
    expect(matches('POST /api', 'PUT', '/api')).toBe(false)
    expect(matches('POST /api', 'post', '/api')).toBe(false)
  })

  test('has exactly one segment that is not empty where the pattern has "*"', () => {
    expect(matches('PUT /a/*/c', 'PUT', '/a/%2F/c')).toBe(true)
    expect(matches('PUT /a/*/c', 'PUT', '/a//c')).toBe(false)
    expect(matches('PUT /a/*/c', 'PUT', '/a/b/b/c')).toBe(false)
  })

  test('has at least one more segment where the pattern has "**"', () => {
    expect(matches('PUT /a/**', 'PUT', '/a/b')).toBe(true)
    expect(matches('PUT /a/**', 'PUT', '/a/b/c')).toBe(true)
    expect(matches('PUT /a/**', 'PUT', '/a')).toBe(false)
    expect(matches('PUT /a/**', 'PUT', '/ab')).toBe(false)
  })

  test('matches as its segments say, whatever pattern and path are', () => {
    const segmentwise = (segments: readonly string[], path: readonly string[]): boolean => {
      const [first, ...more] = segments
      if (first === undefined) return path.length === 0
      if (first === '**') return path.length > 0
      return path.length > 0 && (first === '*' || first === path[0]) && segmentwise(more, path.slice(1))
    }
    const few = fc.constantFrom('a', 'b.c', 'bxc', '%20')
    const route = fc
      .tuple(fc.array(fc.oneof(few, fc.constant('*')), { maxLength: 4 }), fc.constantFrom([], ['**']))
      .map(([segments, rest]) => [...segments, ...rest])
    fc.assert(
      fc.property(route, fc.array(few, { maxLength: 5 }), (segments, path) => {
        expect(matches(textOf({ method: 'POST', segments }), 'POST', `/${path.join('/')}`)).toBe(
          segmentwise(segments, path),
        )
      }),
      { numRuns: 1_000 },
    )
  })
})
