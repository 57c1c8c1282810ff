import { describe, expect, test } from 'vitest'
import { addressOf } from './place.ts'

describe('the address of a place', () => {
  test.each([
    ['127.0.0.1', 'http://127.0.0.1:80'],
    ['0.0.0.0', 'http://127.0.0.1:80'],
    ['::', 'http://127.0.0.1:80'],
    ['fd00::1', 'http://[fd00::1]:80'],
    ['example.org', 'http://example.org:80'],
  ])('on %s is %s', (host, address) => {
    expect(addressOf({ host, port: 80 })).toBe(address)
  })

  test('where visitors speak TLS begins with https', () => {
    expect(addressOf({ host: '::', port: 443 }, 'https')).toBe('https://127.0.0.1:443')
  })
})
