// `npm run seed -- --size M`: fills the database of a Conduit installation, running or not.

import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { embeddedConnection, openDatabase, openInstallation } from 'pando/database'
import { systemClock } from 'pando/load'
import conduit from '../app.ts'
import { hashPassword } from '../security/password.ts'
import { runningInstallation } from './installation.ts'
import { SEED_PASSWORD } from './names.ts'
import { progressLine } from './progress-line.ts'
import { CONNECTIONS, seedConduit } from './seed.ts'
import { SIZES, SIZE_NAMES, type SizeName } from './sizes.ts'

const HELP = `Fills a Conduit database with people, articles, comments, favourites and follows.

  npm run seed -- --size M [--data DIR] [--url postgres://…] [--seed TEXT]

  --size S|M|L   ${SIZE_NAMES.map((name) => `${name}: ${SIZES[name].users} users, ${SIZES[name].articles} articles`).join('; ')}
  --data DIR     data directory of the installation (default: examples/conduit/.pando, that of npm start).
                 If it is not running, it is started for the seeding and stopped afterwards.
  --port N       port for an installation that has to be started (default: 3000)
  --url URL      a PostgreSQL database with Conduit's tables, instead of an installation
  --seed TEXT    the same size and seed give the same content (default: 1)
  --help

Killed in the middle, it goes on where it was when it is started again with the same size and seed.
Every seeded user has the password "${SEED_PASSWORD}": do not seed a site that is open to the public.
`

interface Flags {
  readonly size: SizeName
  readonly dataDir: string
  readonly port: number
  readonly url: string | undefined
  readonly seed: string
}

/** A wrong command line; shown without a stack. */
class UsageError extends Error {}

function readFlags(): Flags | undefined {
  const { values } = parseArgs({
    options: {
      size: { type: 'string' },
      data: { type: 'string', default: join(import.meta.dirname, '..', '.pando') },
      port: { type: 'string', default: '3000' },
      url: { type: 'string' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const size = SIZE_NAMES.find((name) => name === values.size?.toUpperCase())
  if (size === undefined)
    throw new UsageError(`--size is ${values.size ?? 'missing'}: expected ${SIZE_NAMES.join(', ')}.`)
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError(`--port is ${values.port}: expected 1 to 65535.`)
  return { size, dataDir: resolve(values.data), port, url: values.url, seed: values.seed }
}

async function fill(
  flags: Flags,
  connection: Parameters<typeof openDatabase>[0]['connection'],
): Promise<void> {
  const warn = (_: unknown, message: string): void => console.error(message)
  const log = { debug: () => {}, info: () => {}, warn, error: warn, child: () => log }
  await using database = openDatabase({ connection, poolMax: CONNECTIONS + 1 }, { clock: systemClock, log })
  const progress = progressLine(process.stderr, () => systemClock.monotonic())
  const startedAtMs = systemClock.monotonic()
  const filled = await seedConduit({
    pool: database.pool,
    sizeName: flags.size,
    seed: flags.seed,
    hashPassword: () => hashPassword(SEED_PASSWORD),
    progress: (kind, rows, total) => progress.update(kind, rows, total),
  })
  progress.end()
  const seconds = ((systemClock.monotonic() - startedAtMs) / 1000).toFixed(1)
  console.log(
    filled
      ? `Seeded size ${flags.size} in ${seconds} s. Every user's password is "${SEED_PASSWORD}".`
      : `The database has had size ${flags.size} before: nothing to do.`,
  )
}

async function main(): Promise<void> {
  const flags = readFlags()
  if (flags === undefined) {
    console.log(HELP)
    return
  }
  if (flags.url !== undefined) {
    await fill(flags, { url: flags.url })
    return
  }
  await using _running = await runningInstallation(flags.dataDir, flags.port)
  await fill(flags, embeddedConnection(openInstallation(flags.dataDir), conduit.name))
}

try {
  await main()
} catch (error) {
  const isUsage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  console.error(error instanceof Error ? error.message : error)
  if (isUsage === true) console.error('`npm run seed -- --help` explains the options.')
  process.exitCode = isUsage === true ? 2 : 1
}
