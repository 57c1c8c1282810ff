import { join, relative, sep } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPlatformError } from '../base/errors.ts'
import { placeOf } from './drivers/fs-layout.ts'
import { checkName, nameProblem, NAME_MAX_BYTES } from './name.ts'

const LEGAL = [
  'a',
  'avatars/7/a.webp',
  'A/b',
  '.hidden',
  'a..b',
  '...',
  'été',
  '日本語',
  "it's (1), ok=@+!~$",
  'a b',
]
const ILLEGAL = [
  { name: '', problem: 'it is empty' },
  { name: '/etc/passwd', problem: 'it begins with a slash' },
  { name: 'a//b', problem: 'a segment is empty' },
  { name: 'a/', problem: 'a segment is empty' },
  { name: '.', problem: 'a segment is .' },
  { name: '../a', problem: 'a segment is ..' },
  { name: 'a/../b', problem: 'a segment is ..' },
  { name: 'a\\b', problem: 'a segment has a character' },
  { name: 'a\0.png', problem: 'a segment has a character' },
  { name: 'a\nb', problem: 'a segment has a character' },
  { name: 'a\u202eb', problem: 'a segment has a character' },
  { name: 'a%2e%2e', problem: 'a segment has a character' },
  { name: 'C:a', problem: 'a segment has a character' },
  { name: '<b>', problem: 'a segment has a character' },
  { name: ' a', problem: 'a segment begins or ends with a space' },
  { name: 'a /b', problem: 'a segment begins or ends with a space' },
  { name: 'e\u0301', problem: 'it is not text in Unicode form NFC' },
  { name: '\ud800', problem: 'it is not text in Unicode form NFC' },
  { name: '.pando/x', problem: '.pando is reserved' },
  { name: '.Pando', problem: '.Pando is reserved' },
  { name: 'x'.repeat(256), problem: 'a segment is longer than 255 bytes' },
  { name: 'é'.repeat(128), problem: 'a segment is longer than 255 bytes' },
  { name: 'x/'.repeat(600), problem: 'it is longer than 1024 bytes' },
]

describe('the name of a file', () => {
  test.each(LEGAL)('may be %j', (name) => {
    expect(nameProblem(name)).toBeUndefined()
  })

  test.each(ILLEGAL)('may not be $name', ({ name, problem }) => {
    expect(nameProblem(name)).toContain(problem)
  })

  test('is refused with an error that shows at most 100 characters of it, escaped', () => {
    const hostile = `\u001b[2J\n${'x'.repeat(5_000)}`

    const refused = expect(() => checkName(hostile))

    refused.toThrow(/^"\\u001b\[2J\\nx{95}" cannot be the name of a file: it is longer than 1024 bytes\.$/)
  })
})

// Every kind of piece that names are made of, and of attacks.
const PIECES = [
  'a',
  'B',
  '7',
  '.',
  '..',
  '/',
  '//',
  '\\',
  '\0',
  ' ',
  '%2f',
  '~',
  'é',
  'e\u0301',
  '😀',
  '\ud800',
  '-',
  '|',
]
const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join('')),
)

describe('for every text whatsoever', () => {
  const layout = { objectsDir: join(sep, 'srv', 'objects') }

  test('a name is refused with FILES_NAME_INVALID or is a normal, relative, printable path', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        try {
          checkName(name)
        } catch (error) {
          return isPlatformError(error, 'FILES_NAME_INVALID')
        }
        const segments = name.split('/')
        return (
          join(name) === name &&
          segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..') &&
          !/[\p{Cc}\\]/u.test(name) &&
          Buffer.byteLength(name) <= NAME_MAX_BYTES
        )
      }),
      { numRuns: 3_000 },
    )
  })

  test('an object lies two levels below the root, legal name or not', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const steps = relative(layout.objectsDir, placeOf(layout, name).path).split(sep)
        return steps.length === 2 && /^[0-9a-f]{2}$/.test(steps[0]!) && /^[0-9a-f]{64}$/.test(steps[1]!)
      }),
      { numRuns: 1_000 },
    )
  })

  test('two names share an object only when they are the same', () => {
    fc.assert(
      fc.property(
        anyName.filter((name) => name.isWellFormed()),
        anyName.filter((name) => name.isWellFormed()),
        (one, other) => {
          const same = placeOf(layout, one).path.toLowerCase() === placeOf(layout, other).path.toLowerCase()
          return same === (one === other)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
