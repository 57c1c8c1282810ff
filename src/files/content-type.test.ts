import { expect, test } from 'vitest'
import { checkContentType } from './content-type.ts'

test.each([
  ['image/png', 'image/png'],
  ['Image/PNG', 'image/png'],
  ['text/plain; charset=UTF-8', 'text/plain; charset=UTF-8'],
  ['application/vnd.a+json;v="a\\"b; c";q=1', 'application/vnd.a+json;v="a\\"b; c";q=1'],
])('%s is a media type', (given, kept) => {
  expect(checkContentType(given)).toBe(kept)
})

test.each([
  '',
  'png',
  'image/',
  'image/png;',
  'image/png, text/html',
  'image/png\r\nx-evil: 1',
  'text/plain; charset',
  'text/plain; charset="',
  'text/plain; a=é',
  `text/${'x'.repeat(251)}`,
])('%j is not a media type', (given) => {
  expect(() => checkContentType(given)).toThrow(expect.objectContaining({ code: 'FILES_TYPE_INVALID' }))
})

test('a long hostile media type is judged at once', () => {
  const hostile = `a/b${';a="\\"'.repeat(40)}`

  expect(() => checkContentType(hostile)).toThrow(expect.objectContaining({ code: 'FILES_TYPE_INVALID' }))
})
