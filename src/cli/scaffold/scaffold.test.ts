import { describe, expect, test } from 'vitest'
import { problemOfName } from './name.ts'
import { scaffoldFiles } from './templates.ts'

describe('the name of a new application', () => {
  test.each(['guestbook', 'a', 'shop-2', 'x'.repeat(50)])('may be %s', (name) => {
    expect(problemOfName(name)).toBeUndefined()
  })

  test.each([
    ['', 'empty'],
    ['Shop', 'capital'],
    ['2shop', 'letter'],
    ['.shop', 'letter'],
    ['_shop', 'letter'],
    ['my shop', 'characters'],
    ['@me/shop', 'letter'],
    ['a/../b', 'characters'],
    ['x'.repeat(51), '51 characters'],
    ['http', 'Node.js'],
    ['postgres', 'PostgreSQL'],
    ['template1', 'PostgreSQL'],
    ['pando', 'own name'],
  ])('may not be "%s"', (name, reason) => {
    expect(problemOfName(name)).toContain(reason)
  })
})

describe('a new application', () => {
  const files = scaffoldFiles({ name: 'guestbook', pandoDir: '/opt/pando' })

  test('is a package that depends on the package that made it', () => {
    const content = JSON.parse(files['package.json']!) as {
      name: string
      dependencies: Record<string, string>
    }

    expect(content.name).toBe('guestbook')
    expect(content.dependencies['pando']).toBe('file:/opt/pando')
  })

  test('has its name in the application file, which stays under 60 lines', () => {
    expect(files['app.ts']).toContain("name: 'guestbook'")
    expect(files['app.ts']!.split('\n').length).toBeLessThan(60)
  })

  test('keeps its data and its packages out of version control', () => {
    expect(files['.gitignore']).toContain('.pando/')
    expect(files['.gitignore']).toContain('node_modules/')
  })

  test('ends every file with a newline', () => {
    expect(Object.values(files).filter((content) => !content.endsWith('\n'))).toEqual([])
  })
})
