// One suite for both kinds of lock. The holders are processes of their own, because a lock is for processes.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { realInstallation } from '../../src/supervisor/records.ts'

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'pando-lock-')))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

const module = new URL('../../src/supervisor/lock.ts', import.meta.url).href
const records = new URL('../../src/supervisor/records.ts', import.meta.url).href

/** A process that tries once, says `got` or `lost`, and keeps what it got until it is ended or told to release. */
async function contender(kind: string, dataDir: string): Promise<{ child: ChildProcess; said: string }> {
  const code = `
    import { ${kind} } from '${module}'
    import { realInstallation } from '${records}'
    const lock = await ${kind}(realInstallation('${dataDir}'), 'watchdog')
    console.log(lock === undefined ? 'lost' : 'got')
    process.stdin.once('data', async () => { await lock?.release(); console.log('released') })`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  return { child, said: await nextWord(child) }
}

async function nextWord(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer]
  return chunk.toString().trim()
}

describe.each(['lockBySocket', 'lockByFile'])('%s', (kind) => {
  test('one of many that come at once gets it', async () => {
    const { dataDir } = realInstallation(join(dir, `${kind}-many`))

    const all = await Promise.all(Array.from({ length: 8 }, () => contender(kind, dataDir)))

    expect(all.map(({ said }) => said).filter((said) => said === 'got')).toHaveLength(1)
  })

  test('it is free again as soon as its holder is killed', async () => {
    const { dataDir } = realInstallation(join(dir, `${kind}-killed`))
    const { child } = await contender(kind, dataDir)

    child.kill('SIGKILL')
    await once(child, 'exit')

    expect((await contender(kind, dataDir)).said).toBe('got')
  })

  test('it is free again when its holder releases it', async () => {
    const { dataDir } = realInstallation(join(dir, `${kind}-released`))
    const { child } = await contender(kind, dataDir)

    child.stdin!.write('release\n')
    expect(await nextWord(child)).toBe('released')

    expect((await contender(kind, dataDir)).said).toBe('got')
  })

  test('after a dead holder one of many gets it', async () => {
    const { dataDir } = realInstallation(join(dir, `${kind}-dead`))
    const { child } = await contender(kind, dataDir)
    child.kill('SIGKILL')
    await once(child, 'exit')

    const all = await Promise.all(Array.from({ length: 8 }, () => contender(kind, dataDir)))

    expect(all.map(({ said }) => said).filter((said) => said === 'got')).toHaveLength(1)
  })
})
