import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareSchema } from '../../src/sessions/drivers/postgres-schema.ts'
import { postgres } from '../../src/sessions/drivers/postgres.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { testSessionStore } from '../../src/testing/session-store.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server.stop())

describe('the table of sessions', () => {
  test('is made by whoever comes first, however many come at once', async () => {
    const databases = Array.from({ length: 6 }, () => server.open())

    await Promise.all(databases.map((database) => prepareSchema(database)))

    const versions = await databases[0]!.sql`select tier, version from pando.version`
    expect(versions).toEqual([{ tier: 'sessions', version: 1 }])
  })

  test('is used without writing anything when it is there already', async () => {
    const owner = server.open()
    await prepareSchema(owner)
    await owner.sql`alter database test set default_transaction_read_only = on`

    await expect(prepareSchema(server.open())).resolves.toBeUndefined()

    await owner.sql`alter database test reset default_transaction_read_only`
  })

  test('of a later version is refused', async () => {
    const database = server.open()
    await prepareSchema(database)
    await database.sql`update pando.version set version = 9 where tier = 'sessions'`

    const refused = postgres(database)

    await expect(refused).rejects.toMatchObject({
      code: 'SESSIONS_SCHEMA_NEWER',
      details: { found: 9, known: 1 },
    })
    await database.sql`update pando.version set version = 1 where tier = 'sessions'`
  })
})

testSessionStore({ name: 'postgres', open: () => postgres(server.open()) })
