import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { freshSeed, seededRandom } from '../../src/base/random.ts'
import { fs } from '../../src/files/drivers/fs.ts'
import { filesConfig, openFiles, type Files } from '../../src/files/index.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { contentOf } from './files-content.ts'

const base = await mkdtemp(join(tmpdir(), 'pando-files-fault-'))
const children = new Set<ChildProcess>()
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(base, { recursive: true })
})

const ROUNDS = 8
const WRITERS = 4
const PREFIXES = ['one', 'other']

/** Starts a writer and kills it after `acknowledgements` of them. What it acknowledged last, by name. */
async function writeUntilKilled(
  root: string,
  prefix: string,
  acknowledgements: number,
): Promise<Map<string, number>> {
  const script = join(import.meta.dirname, 'files-writer.ts')
  const child = spawn(process.execPath, [script, root, prefix, String(WRITERS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const exited = once(child, 'exit')
  const acknowledged = new Map<string, number>()
  let seen = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [name, version] = line.split(' ') as [string, string]
    acknowledged.set(name, Number(version))
    if (++seen === acknowledgements) child.kill('SIGKILL')
  }
  await exited
  children.delete(child)
  return acknowledged
}

/** The version that is there, after checking that every byte of it is. */
async function wholeVersion(files: Files, name: string): Promise<number> {
  const file = (await files.get(name))!
  const version = Number(file.contentType.slice('text/x-'.length))
  const expected = await buffer(contentOf(name, version))
  const content = Buffer.from(await new Response(file.body).arrayBuffer())
  expect(content.equals(expected), `${name} is version ${version}, whole`).toBe(true)
  return version
}

test('what was acknowledged before kill -9 is there whole, and nothing half-stored ever is', async () => {
  const seed = freshSeed()
  console.log(`seed ${seed}`)
  const random = seededRandom(seed)
  const root = join(base, 'killed')

  for (let round = 0; round < ROUNDS; round++) {
    const rounds = PREFIXES.map((prefix) => writeUntilKilled(root, prefix, 1 + random.integer(150)))
    const acknowledged = new Map((await Promise.all(rounds)).flatMap((names) => [...names]))

    await using files = await openFiles({ dir: root, settings: filesConfig.parse({}) })
    for (const [name, version] of acknowledged) {
      const found = await wholeVersion(files, name)
      // The version after it may have been stored and its acknowledgement lost on the way.
      expect([version, version + 1], `${name}, seed ${seed}`).toContain(found)
    }
  }

  // An hour later the next process to open the directory clears what the killed ones left.
  const leftovers = await readdir(join(root, 'tmp'))
  const clock = fakeClock(Date.now() + 3_600_001)
  await using _opened = await fs({ root, temporaryMaxAgeMs: 3_600_000, clock })
  expect(await readdir(join(root, 'tmp'))).toEqual([])
  console.log(`${leftovers.length} unfinished uploads were left behind`)
})

test('when the disk takes no more, put says so and what was there stays', async () => {
  const root = join(base, 'full')
  await using files = await openFiles({ dir: root, settings: filesConfig.parse({}) })
  await files.put('f', Buffer.from('before'))
  const script = `
    import { filesConfig, openFiles } from '${join(import.meta.dirname, '../../src/files/index.ts')}'
    const files = await openFiles({ dir: ${JSON.stringify(root)}, settings: filesConfig.parse({}) })
    const outcome = await files.put('f', new Uint8Array(5_000_000)).catch((error) => error.code)
    console.log(outcome)
  `

  // A limit on the size of a process's files stands in for a full disk: no rights are needed to set it.
  const limited = [
    '-c',
    'ulimit -f 1000 && exec "$0" --input-type=module-typescript -e "$1"',
    process.execPath,
    script,
  ]
  const { stdout } = await promisify(execFile)('sh', limited)

  expect(stdout.trim()).toBe('FILES_NO_SPACE')
  expect(await new Response((await files.get('f'))!.body).text()).toBe('before')
  expect(await readdir(join(root, 'tmp'))).toEqual([])
})
