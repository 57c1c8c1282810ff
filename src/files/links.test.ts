import { expect, test } from 'vitest'
import { fakeClock } from '../testing/clock.ts'
import { linkSigner } from './links.ts'

const clock = fakeClock(1_000_000)
const signer = linkSigner('secret', clock)
const absolute = (url: string): string => `http://site${url}`

test('a link says what it lets in, for every legal name', async () => {
  const name = "é/a+b c(1)'=@,~$!"

  const { url, headers } = await signer.upload(name, {
    contentType: 'a/b; c="d e"',
    sizeBytes: 7,
    expiresMs: 1_000,
  })

  expect(url).toMatch(/^\/-\/files\/%C3%A9\/a%2Bb/)
  expect(headers).toEqual({ 'content-type': 'a/b; c="d e"' })
  expect(signer.open(absolute(url))).toEqual({
    method: 'PUT',
    name,
    expiresAtMs: 1_001_000,
    contentType: 'a/b; c="d e"',
    sizeBytes: 7,
  })
})

test.each([
  ['another name', /files\/f/, 'files/g'],
  ['another method', 'method=PUT', 'method=GET'],
  ['a later end', /expires=\d+/, 'expires=99999999'],
  ['another type', 'type=image', 'type=text'],
  ['another size', 'size=5', 'size=50'],
  ['no size', '&size=5', ''],
  ['no signature', /&signature=.*/, ''],
  ['a name that is no text', /files\/f/, 'files/%ff'],
  ['an end that is no number', /expires=\d+/, 'expires=never'],
])('a link that was changed to %s is refused', async (_, part, replacement) => {
  const { url } = await signer.upload('f', { contentType: 'image/png', sizeBytes: 5, expiresMs: 1_000 })

  const changed = absolute(url).replace(part, replacement)

  expect(() => signer.open(changed)).toThrow(expect.objectContaining({ code: 'FILES_LINK_INVALID' }))
})

test('a link of another installation is refused, and so is one that has expired', async () => {
  const url = await signer.download('f', { expiresMs: 1_000 })
  const foreign = await linkSigner('other', clock).download('f', { expiresMs: 1_000 })

  expect(() => signer.open(absolute(foreign))).toThrow('its signature is not ours')
  expect(signer.open(absolute(url)).name).toBe('f')
  await clock.advance(1_000)
  expect(() => signer.open(absolute(url))).toThrow('it has expired')
})
