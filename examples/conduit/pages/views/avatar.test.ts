import type { HtmlEscapedString } from 'hono/utils/html'
import { expect, test } from 'vitest'
import { asset } from '../static-assets.ts'
import { avatar, avatarUrl } from './avatar.ts'

test('a picture from an https address or an upload of this site is shown', () => {
  expect(avatarUrl('https://example.com/a.png?b=c')).toBe('https://example.com/a.png?b=c')
  expect(avatarUrl('/avatars/7/abc_-9.webp')).toBe('/avatars/7/abc_-9.webp')
})

test.each([
  null,
  '',
  'javascript:alert(1)',
  'data:image/svg+xml,<svg onload=alert(1)>',
  'http://example.com/a.png',
  '//example.com/a.png',
  '/logout',
  '/avatars/7/../../logout',
  'https://',
])('instead of %j the default picture is shown', (image) => {
  expect(avatarUrl(image)).toBe(asset('default-avatar.svg'))
})

test('an address with quotes stays inside its attribute', () => {
  expect(
    (avatar('https://example.com/"onerror="alert(1)', 24, 'x') as HtmlEscapedString).toString(),
  ).not.toContain('"onerror')
})
