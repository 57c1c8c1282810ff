// The test server that `pando/testing` gives: a real one, quickly, and nothing of it stays.

import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { identify } from '../../src/base/process.ts'
import { startTestPostgres } from '../../src/testing/postgres.ts'

test('every call gives a server of its own', async () => {
  await using first = await startTestPostgres()
  await using second = await startTestPostgres({ databaseName: 'other' })

  await first.open().sql`create table only_here ()`

  expect(
    await second.open().sql`select current_database() as name, to_regclass('only_here') as found`,
  ).toEqual([{ name: 'other', found: null }])
})

test('after stop neither its process nor its directory is there, and stopping again does nothing', async () => {
  const server = await startTestPostgres()
  await server.open().ping()
  const { pid, installation } = server

  await server.stop()
  await server.stop()

  expect(identify(pid)).toBeUndefined()
  expect(existsSync(installation.dataDir)).toBe(false)
})

test('what was committed is there after kill and restart, under another process', async () => {
  await using server = await startTestPostgres()
  const database = server.open()
  await database.sql`create table kept as select 1 as n`
  const { pid } = server

  await server.kill()
  await server.restart()

  expect(server.pid).not.toBe(pid)
  expect(await database.sql`select n from kept`).toEqual([{ n: 1 }])
})
