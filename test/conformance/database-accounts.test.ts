// PostgreSQL refuses to be root: started by root, a suitable account is found wherever the data lies. (Started by an
// ordinary user, every other test proves that it runs as that user.)

import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { chooseAccount } from '../../src/database/embedded/account.ts'
import { findBinaries } from '../../src/database/embedded/binaries.ts'
import { startTestPostgres } from '../../src/testing/postgres.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pando-accounts-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

const isRoot = process.geteuid?.() === 0
const isLinux = process.platform === 'linux'

describe.runIf(isRoot)('started by root', () => {
  test('the server runs as a system user that owns its data', async () => {
    chmodSync(directory, 0o711)

    const account = chooseAccount(findBinaries().postgres, directory)

    expect(account).toMatchObject({ prefix: [], owner: { uid: expect.any(Number) } })
    expect(account.owner!.uid).not.toBe(0)
  })

  test.runIf(isLinux)(
    'below a directory that only root may enter, it runs in a user namespace and serves',
    async () => {
      const parent = join(directory, 'home')
      mkdirSync(parent, { mode: 0o700 })
      await using server = await startTestPostgres({ parentDir: parent })

      expect(await server.open().sql`select 1 as n`).toEqual([{ n: 1 }])
      expect(statSync(join(server.installation.dataDir, 'postgres')).mode & 0o777).toBe(0o700)
      await server.kill()
      await server.restart()
      expect(await server.open().sql`select 2 as n`).toEqual([{ n: 2 }])
    },
  )
})
