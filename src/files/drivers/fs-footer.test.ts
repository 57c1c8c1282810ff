import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFooter, encodeFooter, FOOTER_MAX_BYTES } from './fs-footer.ts'

const INFO = {
  name: 'a/b',
  sizeBytes: 3,
  contentType: 'text/plain',
  etag: '"tag"',
  modifiedAt: new Date(1_700_000_000_123),
}

test('a footer is read back as it was written', () => {
  const file = Buffer.concat([Buffer.from('abc'), encodeFooter(INFO)])

  expect(decodeFooter(file, file.byteLength, 'a/b')).toEqual({ info: INFO })
})

test('the longest name and media type fit', () => {
  const info = { ...INFO, name: 'x'.repeat(1024), contentType: '"'.repeat(255) }

  expect(encodeFooter(info).byteLength).toBeLessThan(FOOTER_MAX_BYTES)
})

test('a footer under another name, or below content of another size, is refused', () => {
  const file = Buffer.concat([Buffer.from('abc'), encodeFooter(INFO)])

  expect(decodeFooter(file, file.byteLength, 'a/c').problem).toContain('name of another file')
  expect(decodeFooter(file, file.byteLength + 1, 'a/b').problem).toContain('should hold 3 bytes')
})

test('any bytes whatsoever are a footer or a problem, never an exception', () => {
  const footer = encodeFooter(INFO)
  const damaged = fc
    .tuple(fc.nat(footer.byteLength - 1), fc.nat(255), fc.nat(footer.byteLength))
    .map(([at, byte, length]) => {
      const copy = Buffer.from(footer)
      copy[at] = byte
      return copy.subarray(copy.byteLength - length)
    })
  const tails = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    damaged,
  )

  fc.assert(
    fc.property(tails, (tail) => {
      const decoded = decodeFooter(tail, tail.byteLength + 3, 'a/b')
      return decoded.problem === undefined ? decoded.info.name === 'a/b' : decoded.problem.length > 0
    }),
  )
})
