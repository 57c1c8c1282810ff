import { describe, expect, test } from 'vitest'
import { brokenError, isPassing, refusedError, type S3Failure } from './s3-error.ts'
import { xmlElements, xmlText } from './s3-xml.ts'

const failure = (status: number, code?: string): S3Failure => ({
  status,
  text:
    code === undefined ? '' : `<Error><Code>${code}</Code><Message>in\n words &amp; more</Message></Error>`,
})

describe('an answer of the store', () => {
  test.each([
    [404, 'NoSuchBucket', 'FILES_BUCKET_MISSING', true],
    [403, 'InvalidAccessKeyId', 'FILES_BUCKET_REFUSED', true],
    [403, undefined, 'FILES_BUCKET_REFUSED', true],
    [301, 'PermanentRedirect', 'FILES_BUCKET_REFUSED', true],
    [501, 'NotImplemented', 'FILES_BUCKET_REFUSED', true],
    [507, 'QuotaExceeded', 'FILES_NO_SPACE', false],
    [503, 'SlowDown', 'FILES_UNAVAILABLE', false],
    [500, undefined, 'FILES_UNAVAILABLE', false],
    [412, 'PreconditionFailed', 'FILES_UNAVAILABLE', false],
  ])('%i %s is %s', (status, said, code, permanent) => {
    expect(refusedError(failure(status, said), 'get', 'https://s3/b')).toMatchObject({ code, permanent })
  })

  test('is told with its status, code and words on one line', () => {
    const error = refusedError(failure(403, 'AccessDenied'), 'get', 'https://s3/b')

    expect(error.message).toBe('The bucket https://s3/b refused to get (403 AccessDenied in words & more).')
    expect(error.fix).toContain('rights')
  })

  test.each([
    [500, undefined, true],
    [503, 'SlowDown', true],
    [400, 'RequestTimeout', true],
    [429, undefined, true],
    [501, 'NotImplemented', false],
    [507, undefined, false],
    [403, 'AccessDenied', false],
  ])('%i %s may pass: %s', (status, code, passing) => {
    expect(isPassing(failure(status, code))).toBe(passing)
  })

  test('that is a failed connection is told with its inner cause', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

    const error = brokenError(new TypeError('fetch failed', { cause }), 'put', 'https://s3/b')

    expect(error.message).toContain('ECONNREFUSED')
    expect(error).toMatchObject({ code: 'FILES_UNAVAILABLE', fix: expect.stringContaining('files.url') })
  })
})

describe('an XML document', () => {
  test('is read by element, with its entities', () => {
    expect(xmlText('<a><Key>a&amp;b&#x20;&#99;&lt;&unknown;</Key></a>', 'Key')).toBe('a&b c<&unknown;')
    expect(xmlText('<a/>', 'Key')).toBeUndefined()
  })

  test('that is cut, or has more than is wanted, ends the search', () => {
    expect(xmlElements('<P>1</P><P>2</P><P>3', 'P', 10)).toEqual(['1', '2'])
    expect(xmlElements('<P>1</P><P>2</P>', 'P', 1)).toEqual(['1'])
  })
})
