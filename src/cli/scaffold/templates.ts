// The files of a new application. Pure text: what is written is decided here, and how in write.ts.

export interface ScaffoldInput {
  /** Checked by `problemOfName`. */
  readonly name: string
  /** Absolute path of the package that runs: it is on no registry, so the application is linked to it where it is. */
  readonly pandoDir: string
}

/** Path below the application's directory → content. */
export function scaffoldFiles({ name, pandoDir }: ScaffoldInput): Readonly<Record<string, string>> {
  return {
    'package.json': packageJson(name, pandoDir),
    'app.ts': outdent(APP).replace('NAME', name),
    'pando.topology.ts': outdent(TOPOLOGY),
    'migrations/0001_greeting.sql': MIGRATION,
    'tsconfig.json': TSCONFIG,
    'README.md': readme(name),
    '.gitignore': 'node_modules/\n.pando/\n',
  }
}

/** The code below is indented, so that it does not look like code of this module. */
function outdent(text: string): string {
  return text.slice(1).replaceAll(/^ {2}/gm, '')
}

function packageJson(name: string, pandoDir: string): string {
  const content = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts: { start: 'pando up', doctor: 'pando doctor', types: 'tsc' },
    engines: { node: '^24.15.0 || >=26' },
    dependencies: { hono: '^4.13.19', pando: `file:${pandoDir}` },
    devDependencies: { '@types/node': '^24.19.2', typescript: '^7.0.2' },
  }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

const APP = `
  // The whole application: \`setup\` is given the tiers and returns what answers requests.

  import { Hono } from 'hono'
  import { html } from 'hono/html'
  import { defineApp } from 'pando'

  interface Greeting {
    readonly author: string
    readonly body: string
    readonly written_at: Date
  }

  export default defineApp({
    name: 'NAME',
    migrations: './migrations',
    setup({ database, log }) {
      const web = new Hono()

      web.get('/', async (c) => {
        const greetings = await database.sql<Greeting>\`
          select author, body, written_at from greeting order by id desc limit 50\`
        return c.html(html\`<!doctype html>
          <html lang="en">
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width" />
            <title>Guestbook</title>
            <body style="max-width: 40rem; margin: 2rem auto; padding: 0 1rem; font-family: system-ui">
              <h1>Guestbook</h1>
              <form method="post">
                <p><label>Your name <input name="author" required maxlength="60" /></label></p>
                <p><label>Your greeting <input name="body" required maxlength="500" size="40" /></label></p>
                <button>Sign</button>
              </form>
              \${greetings.map(
                ({ author, body, written_at }) =>
                  html\`<p><strong>\${author}</strong>, \${written_at.toISOString().slice(0, 16)}<br />\${body}</p>\`,
              )}
            </body>
          </html>\`)
      })

      web.post('/', async (c) => {
        const form = await c.req.parseBody()
        const [author, body] = [form['author'], form['body']].map((text) => String(text ?? '').trim())
        if (!author || !body || author.length > 60 || body.length > 500 || /\\0/.test(author + body))
          return c.text('Please give a name of up to 60 characters and a greeting of up to 500.', 422)
        await database.sql\`insert into greeting (author, body) values (\${author}, \${body})\`
        log.info({ author }, 'greeting written')
        return c.redirect('/', 303)
      })

      return { fetch: (request) => web.fetch(request) }
    },
  })
`

const TOPOLOGY = `
  // Where and how large the application runs. Everything has a default: an empty object, or no file, is one server with
  // one web process. \`npx pando config\` shows every setting, its value and where it comes from.

  import { defineTopology } from 'pando'

  export default defineTopology({
    stage: 'single',

    web: {
      // Where visitors come in. PORT or PANDO_WEB_PORT in the environment, and \`pando up --port\`, win over this.
      port: 3000,
      // 'cores' runs one process per processor core, all on the same port.
      processes: 1,
      // Names of environment variables that the application may see.
      // env: ['SMTP_URL'],
    },

    database: {
      // Connections that each web process opens at most.
      poolMax: 10,
      statementTimeoutMs: 30_000,
    },
  })
`

const MIGRATION = `-- Runs once, in a transaction, at the next start. Do not edit it afterwards: write 0002_….sql instead.
create table greeting (
  id bigint generated always as identity primary key,
  author text not null check (length(author) between 1 and 60),
  body text not null check (length(body) between 1 and 500),
  written_at timestamptz not null default now()
);
`

const TSCONFIG = `{
  "compilerOptions": {
    "module": "nodenext",
    "target": "es2024",
    "lib": ["es2024", "esnext.disposable"],
    "types": ["node"],
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "allowImportingTsExtensions": true
  },
  "include": ["*.ts"]
}
`

function readme(name: string): string {
  return `# ${name}

A guestbook on Pando: a web process and a PostgreSQL, started by one command.

\`\`\`sh
npm install
npx pando up              # http://127.0.0.1:3000, Ctrl-C stops it
\`\`\`

\`package.json\` names the directory in which Pando was built. Change the path there when either of the two moves.

| file                | what it is                                                          |
| ------------------- | ------------------------------------------------------------------- |
| \`app.ts\`            | the application                                                     |
| \`migrations/\`       | the tables, as numbered SQL files that run once each                |
| \`pando.topology.ts\` | where and how large it runs                                         |
| \`.pando/\`           | the data: database, uploads, logs, secrets. Back it up, not into git |

\`\`\`sh
npx pando status          # what runs
npx pando logs --follow   # what it prints
npx pando doctor          # what is missing or wrong on this machine
npx pando config          # every setting and where its value comes from
\`\`\`
`
}
