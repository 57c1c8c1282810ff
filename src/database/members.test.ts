import { describe, expect, test } from 'vitest'
import { databaseConfig } from './config.ts'
import { defaultSharedBuffersBytes, serverConfiguration } from './embedded/configuration.ts'
import { embeddedDatabaseMember } from './members.ts'

const GIB = 2 ** 30
const member = (
  databaseName: string,
  settings: object = {},
  clientProcesses = 1,
): ReturnType<typeof embeddedDatabaseMember> =>
  embeddedDatabaseMember({ databaseName, database: databaseConfig.parse(settings), clientProcesses })

describe('the member of the embedded database', () => {
  test('it is called database and waits for nobody', () => {
    expect(member('guestbook')).toMatchObject({
      name: 'database',
      tier: 'database',
      engine: 'postgres-embedded',
      after: [],
    })
  })

  test('the server accepts all that the web processes may open, and some more', () => {
    expect(member('a', { poolMax: 20 }, 16).settings).toMatchObject({ maxConnections: 340 })
    expect(member('a', {}, 1).settings).toMatchObject({ maxConnections: 100 })
    expect(member('a', { maxConnections: 30 }, 16).settings).toMatchObject({ maxConnections: 30 })
  })

  test.each(['', 'Guestbook', '1a', 'a'.repeat(64), 'a;b', 'postgres', 'template1'])(
    'the name %j is refused',
    (name) => {
      expect(() => member(name)).toThrow(expect.objectContaining({ code: 'DATABASE_NAME_INVALID' }))
    },
  )
})

describe('the configuration of the server', () => {
  const configuration = serverConfiguration({
    socketDir: "/tmp/it's",
    maxConnections: 100,
    sharedBuffersBytes: 128 * 2 ** 20,
    memoryBytes: 4 * GIB,
  })

  test.each(['fsync = on', 'full_page_writes = on', 'synchronous_commit = on'])('durability: %s', (line) => {
    expect(configuration).toContain(`\n${line}\n`)
  })

  test('no port is opened, and the directory of the socket is quoted', () => {
    expect(configuration).toContain("listen_addresses = ''\n")
    expect(configuration).toContain("unix_socket_directories = '/tmp/it''s'\n")
  })

  test('its page cache is an eighth of the memory within bounds', () => {
    expect([GIB / 4, 4 * GIB, 64 * GIB].map(defaultSharedBuffersBytes)).toEqual([
      64 * 2 ** 20,
      GIB / 2,
      2 * GIB,
    ])
  })
})
