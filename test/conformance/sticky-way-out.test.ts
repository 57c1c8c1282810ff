// The way out of sticky sessions, walked with real processes: an Express application whose sessions are express-session's
// comes to shared sessions and loses its affinity, and every visitor stays logged in on whichever server answers.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startPando, type Pando } from '../support/pando.ts'
import { root } from '../support/repository.ts'
import { until } from '../support/until.ts'

const APPS = join(root, 'test', 'support', 'sticky-apps')
const SERVERS = 3

/** A directory of an application below the repository, where it finds its packages. */
class Application {
  readonly dir: string

  constructor() {
    mkdirSync(join(root, '.cache'), { recursive: true })
    this.dir = mkdtempSync(join(root, '.cache', 'sticky-'))
    onTestFinished(() => rmSync(this.dir, { recursive: true, force: true }))
    mkdirSync(join(this.dir, 'old'))
    for (const shared of ['shared-login.ts', 'old-files.ts'])
      cpSync(join(APPS, shared), join(this.dir, shared))
  }

  release(version: string): void {
    cpSync(join(APPS, `${version}.ts`), join(this.dir, 'app.ts'))
  }

  topology(sticky: false | 'cookie'): void {
    const settings = {
      stage: 'balanced',
      web: { servers: SERVERS, env: ['OLD_SESSIONS'] },
      balancer: { sticky },
    }
    writeFileSync(join(this.dir, 'pando.topology.mjs'), `export default ${JSON.stringify(settings)}\n`)
  }

  start(): Promise<Pando> {
    return startPando({ appDir: this.dir, env: { OLD_SESSIONS: join(this.dir, 'old') } })
  }
}

interface Seen {
  readonly user: string | null
  readonly pid: number
}

/** A browser that opens a connection for every request, so that only cookies can bring it to the same server again. */
class Visitor {
  readonly name: string
  readonly #url: string
  readonly #cookies = new Map<string, string>()

  constructor(url: string, name: string) {
    this.#url = url
    this.name = name
  }

  async login(): Promise<void> {
    await this.#ask('POST', `/login/${this.name}`)
  }

  async logout(): Promise<void> {
    await this.#ask('POST', '/logout')
  }

  async who(): Promise<Seen> {
    return JSON.parse(await this.#ask('GET', '/who')) as Seen
  }

  copy(): Visitor {
    const other = new Visitor(this.#url, this.name)
    for (const [name, value] of this.#cookies) other.#cookies.set(name, value)
    return other
  }

  async #ask(method: string, path: string): Promise<string> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const options = { method, headers: { cookie }, agent: new Agent({ keepAlive: false }) }
    const asked = request(`${this.#url}${path}`, options, (response) => {
      for (const header of response.headers['set-cookie'] ?? []) this.#keep(header)
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(parts).toString()
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
      })
    })
    asked.on('error', reject)
    asked.end()
    return await promise
  }

  #keep(header: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(header) as unknown as [string, string, string]
    if (/max-age=0|expires=Thu, 01[ -]Jan[ -]1970/i.test(header)) this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
}

async function visitorsOf(pando: Pando, count: number): Promise<readonly Visitor[]> {
  const visitors = Array.from({ length: count }, (_, index) => new Visitor(pando.url, `visitor-${index + 1}`))
  await Promise.all(visitors.map((visitor) => visitor.login()))
  return visitors
}

const usersSeenBy = (visitors: readonly Visitor[]): Promise<(string | null)[]> =>
  Promise.all(visitors.map(async (visitor) => (await visitor.who()).user))
const namesOf = (visitors: readonly Visitor[]): string[] => visitors.map(({ name }) => name)

/** Comes until every server has answered; gives the users that they took the visitor for. */
async function askEveryServer(visitor: Visitor): Promise<ReadonlySet<string | null>> {
  const pids = new Set<number>()
  const users = new Set<string | null>()
  await until(`${visitor.name} reaches ${SERVERS} servers`, 30_000, async () => {
    const { user, pid } = await visitor.who()
    pids.add(pid)
    users.add(user)
    return pids.size === SERVERS
  })
  return users
}

test(
  'sessions in memory are shared from the login on, so affinity can be switched off and nobody is logged out',
  { timeout: 180_000 },
  async () => {
    const application = new Application()
    application.release('memory-transition')
    application.topology('cookie')
    await using pando = await application.start()
    const visitors = await visitorsOf(pando, 12)
    const [regular, late] = [visitors.slice(0, 8), visitors.slice(8)]

    const first = await Promise.all(regular.map((visitor) => visitor.who()))
    const second = await Promise.all(regular.map((visitor) => visitor.who()))
    expect(first.map(({ user }) => user)).toEqual(namesOf(regular))
    // Each comes to its own server again, and they are not all on one.
    expect(second).toEqual(first)
    expect(new Set(first.map(({ pid }) => pid)).size).toBeGreaterThan(1)

    process.kill(first[0]!.pid, 'SIGKILL')
    expect(await usersSeenBy(regular)).toEqual(namesOf(regular))

    // Everything in memory is gone with its process; those who have not been back since the login are among them.
    await pando.command('restart', 'web')
    const back = [...regular, ...late.slice(0, 2)]
    expect(await usersSeenBy(back)).toEqual(namesOf(back))

    application.topology(false)
    await pando.command('apply')
    for (const visitor of visitors) expect(await askEveryServer(visitor)).toEqual(new Set([visitor.name]))

    const [leaving] = visitors as [Visitor]
    const stolen = leaving.copy()
    await leaving.logout()
    expect(await askEveryServer(leaving)).toEqual(new Set([null]))
    expect(await askEveryServer(stolen)).toEqual(new Set([null]))

    application.release('after')
    await pando.command('apply')
    expect(await usersSeenBy(visitors.slice(1))).toEqual(namesOf(visitors.slice(1)))
  },
)

test(
  'sessions in files are imported as visitors come back, and not even the first release logs anybody out',
  { timeout: 180_000 },
  async () => {
    const application = new Application()
    application.release('files-before')
    application.topology('cookie')
    await using pando = await application.start()
    const visitors = await visitorsOf(pando, 9)
    const soon = visitors.slice(0, 6)

    application.release('files-transition')
    await pando.command('apply')
    expect(await usersSeenBy(soon)).toEqual(namesOf(soon))

    application.topology(false)
    await pando.command('apply')
    // The last three come for the first time since.
    for (const visitor of visitors) expect(await askEveryServer(visitor)).toEqual(new Set([visitor.name]))

    application.release('after')
    await pando.command('apply')
    expect(await usersSeenBy(visitors)).toEqual(namesOf(visitors))
  },
)
