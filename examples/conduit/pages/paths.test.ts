import { describe, expect, test } from 'vitest'
import { articlePath, localPath, loginPath, profilePath, tagPath } from './paths.ts'

describe('an address made from what people typed', () => {
  test('is one path segment whatever they typed', () => {
    expect(profilePath('../settings?x#y')).toBe('/profile/..%2Fsettings%3Fx%23y')
    expect(tagPath('c/c++')).toBe('/tag/c%2Fc%2B%2B')
    expect(articlePath('"><script>')).toBe('/article/%22%3E%3Cscript%3E')
  })

  test('of the login page remembers where to go afterwards, unless that is home', () => {
    expect(loginPath('/editor')).toBe('/login?return=%2Feditor')
    expect(loginPath('/')).toBe('/login')
  })
})

describe('the path to go to after a form', () => {
  test('may be any path of this site, with its query', () => {
    expect(localPath('/?feed=following', '/')).toBe('/?feed=following')
  })

  test.each([
    undefined,
    '',
    'settings',
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '\\\\evil.example',
    '/\t/evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    'javascript:alert(1)',
  ])('stays on this site when %j is asked for', (wanted) => {
    expect(localPath(wanted, '/home')).toBe('/home')
  })
})
