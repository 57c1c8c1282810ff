// The example application in this process, on an embedded PostgreSQL of its own: what its API answers, without a network
// between. Migrations, sessions and secrets are the real ones.

import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import conduit from '../../examples/conduit/app.ts'
import { runForRequest, type RequestContext } from '../../src/base/context.ts'
import { createLogger } from '../../src/base/log.ts'
import { openTiers } from '../../src/app/tiers.ts'
import { databaseConfig } from '../../src/database/index.ts'
import { filesConfig } from '../../src/files/index.ts'
import { sessionsConfig } from '../../src/sessions/index.ts'
import type { Tiers } from '../../src/index.ts'
import { startTestPostgres } from '../../src/testing/postgres.ts'
import { root } from './repository.ts'

export interface Call {
  readonly token?: string
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is, said to be JSON. */
  readonly raw?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; undefined when it is empty. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what an answer holds is what a test is there to say
  readonly body: any
}

export interface Conduit extends AsyncDisposable {
  readonly tiers: Tiers
  /** `call('GET /tags')`: a request to a path below `/api`. */
  call(request: string, options?: Call): Promise<Answer>
  /** Registers somebody with a name that nobody has and answers the `user` object. */
  register(
    name: string,
  ): Promise<{ readonly username: string; readonly email: string; readonly token: string }>
  /** Writes an article and answers its slug. */
  write(token: string, article?: Readonly<Record<string, unknown>>): Promise<string>
}

export const PASSWORD = 'correct horse battery'

export async function openConduit(): Promise<Conduit> {
  await using opening = new AsyncDisposableStack()
  const postgres = opening.use(await startTestPostgres({ databaseName: conduit.name }))
  const appDir = join(root, 'examples', 'conduit')
  const log = createLogger({ level: 'warn' })
  mkdirSync(join(postgres.installation.dataDir, 'files'), { recursive: true })
  const settings = {
    databaseName: conduit.name,
    database: databaseConfig.parse({}),
    sessions: sessionsConfig.parse({}),
    files: filesConfig.parse({}),
  }
  const opened = await openTiers(postgres.installation, conduit, appDir, settings, log)
  opening.defer(() => opened.close())
  const app = (await conduit.setup(opened.tiers)) as {
    fetch(request: Request): Response | Promise<Response>
  }
  const open = opening.move()

  const call: Conduit['call'] = async (request, options = {}) => {
    const [method, path] = request.split(' ') as [string, string]
    const body = options.raw ?? (options.json === undefined ? undefined : JSON.stringify(options.json))
    const sent = new Request(`http://conduit.test/api${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(options.token !== undefined && { authorization: `Token ${options.token}` }),
        ...options.headers,
      },
      ...(body !== undefined && { body }),
    })
    const response = await runForRequest(contextOf(sent), async () => app.fetch(sent))
    const text = await response.text()
    const answered = text === '' ? undefined : (JSON.parse(text) as unknown)
    return { status: response.status, headers: response.headers, text, body: answered }
  }
  let people = 0
  return {
    tiers: opened.tiers,
    call,
    async register(name) {
      const username = `${name}${(people += 1)}`
      const user = { username, email: `${username}@example.com`, password: PASSWORD }
      return (await call('POST /users', { json: { user } })).body.user
    },
    async write(token, article = {}) {
      const given = { title: 'A title', description: 'About', body: 'Text', ...article }
      return (await call('POST /articles', { token, json: { article: given } })).body.article.slug
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** What the web tier tells the other tiers of a request. */
function contextOf({ method, url, headers }: Request): RequestContext {
  return {
    requestId: headers.get('x-request-id') ?? randomUUID(),
    method,
    url: url.slice(new URL(url).origin.length),
    secure: false,
    address: undefined,
    header: (name) => headers.get(name) ?? undefined,
    appendHeader: () => {},
    onDisconnect: () => () => {},
    onDrain: () => () => {},
    kept: new Map(),
  }
}
