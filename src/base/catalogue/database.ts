export const databaseErrors = {
  DATABASE_ENGINE_MISSING: {
    message: (at: { package: string; reason: string }): string =>
      `The embedded PostgreSQL (${at.package}) cannot be used: ${at.reason}.`,
    fix: (at: { package: string }): string =>
      `Install it with \`npm install ${at.package}\`; it is an optional dependency that \`npm ci --omit=optional\` leaves out.`,
    permanent: true,
  },
  DATABASE_ACCOUNT_UNUSABLE: {
    message: (at: { path: string; account: string }): string =>
      `PostgreSQL refuses to run as root, and the user ${at.account} cannot reach ${at.path}.`,
    fix: 'Let the user pass through the directories above it (`chmod o+x DIR`), choose another data directory (`--data DIR`), or start as an ordinary user.',
    permanent: true,
  },
  DATABASE_VERSION_MISMATCH: {
    message: (at: { path: string; found: string; expected: string }): string =>
      `${at.path} was made by PostgreSQL ${at.found}, and this version of Pando brings PostgreSQL ${at.expected}.`,
    fix: 'Go back to the version of Pando that made it, copy the data out, and load it into a new data directory.',
    permanent: true,
  },
  DATABASE_DATA_INVALID: {
    message: (at: { path: string }): string => `${at.path} exists but holds no PostgreSQL data.`,
    fix: 'Move the directory away if nothing in it is needed; a new database is made in its place.',
    permanent: true,
  },
  DATABASE_NAME_INVALID: {
    message: (at: { name: string; problem: string }): string =>
      `"${at.name}" cannot be the name of a database: ${at.problem}.`,
    fix: 'Give the application another `name`: 1 to 63 characters of a-z, 0-9 and -, a letter first.',
    permanent: true,
  },
  DATABASE_SETUP_FAILED: {
    message: (at: { step: string; output: string }): string =>
      `PostgreSQL could not be set up (${at.step}): ${at.output}`,
    fix: 'Mend what PostgreSQL says above; nothing was left behind, so starting again begins anew.',
  },
  DATABASE_DISK_FULL: {
    message: (at: { path: string; freeMebibytes: number; neededMebibytes: number }): string =>
      `The disk of ${at.path} is full: ${at.freeMebibytes} MiB are free and PostgreSQL needs at least ${at.neededMebibytes} MiB to start.`,
    fix: 'Free space on that disk, or move the data directory to a larger one (`--data DIR`).',
  },
  DATABASE_MEMORY_SHORT: {
    message: (at: { output: string }): string =>
      `PostgreSQL did not get the memory it asked for: ${at.output}`,
    fix: 'Lower `database.sharedBuffersBytes` or `database.maxConnections`, or give the server (or its container, or /dev/shm) more memory.',
  },
  DATABASE_ALREADY_RUNNING: {
    message: (at: { path: string; pid: number }): string =>
      `A PostgreSQL server (process ${at.pid}) already serves ${at.path}.`,
    fix: (at: { pid: number }): string =>
      `Stop what started it (\`pando down\`), or the server itself with \`kill -INT ${at.pid}\`.`,
  },
  DATABASE_LEFTOVER_PROCESSES: {
    message: (at: { path: string; pids: readonly number[]; waitedMs: number }): string =>
      `Processes of a killed PostgreSQL still use ${at.path} after ${at.waitedMs} ms: ${at.pids.join(', ')}.`,
    fix: 'They hang in the kernel, most often on a disk that does not answer: look at the disk, or restart the server.',
  },
  DATABASE_UNREACHABLE: {
    message: (at: { address: string; waitedMs: number; reason: string }): string =>
      `No connection to the database at ${at.address} after ${at.waitedMs} ms: ${at.reason}.`,
    fix: 'Look at the database with `pando status` and `pando logs database`; `database.connectTimeoutMs` says how long a restart is waited for.',
  },
  DATABASE_ACCESS_DENIED: {
    message: (at: { address: string; user: string; reason: string }): string =>
      `The database at ${at.address} does not let ${at.user} in: ${at.reason}.`,
    fix: 'Check the user, the password and the database name of the connection.',
  },
  DATABASE_POOL_EXHAUSTED: {
    message: (at: { limit: string; waitedMs: number }): string =>
      `No database connection came free within ${at.waitedMs} ms: the limit is ${at.limit}.`,
    fix: 'Look for transactions that wait for something outside the database and for clients never released; then raise `database.poolMax` (and `database.maxConnections`).',
  },
  DATABASE_CLOSED: {
    message: (): string => 'The database was closed, and a statement was to be run on it.',
    fix: 'Run nothing after `close()` or `pool.end()`; wait for what still runs before closing.',
  },
  DATABASE_CONNECTION_LOST: {
    message: (at: { reason: string }): string =>
      `The connection to the database was lost while a statement was under way: ${at.reason}.`,
    fix: 'A reading statement can be run again. Whether a writing one took effect is unknown: use `database.transaction`, which runs again what was not committed.',
  },
  DATABASE_STATEMENT_TIMEOUT: {
    message: (at: { timeoutMs: number }): string =>
      `A statement was cancelled because it ran longer than ${at.timeoutMs} ms.`,
    fix: 'Make it faster (an index, fewer rows), give it longer with `set local statement_timeout` in its transaction, or raise `database.statementTimeoutMs`.',
  },
  DATABASE_CANCELLED: {
    message: (at: { requestId: string }): string =>
      `A statement was cancelled because the visitor of request ${at.requestId} went away.`,
    fix: 'Nothing needs to be done: nobody waits for the answer. Work that must finish belongs outside the request.',
  },
  DATABASE_COMMIT_UNKNOWN: {
    message: (at: { reason: string }): string =>
      `The connection was lost after COMMIT was sent and before its answer (${at.reason}): the transaction may or may not have taken effect.`,
    fix: 'Read the data to learn which; do not run the transaction again unless repeating it is harmless.',
  },
  DATABASE_TRANSACTION_ABORTED: {
    message: (at: { reason: string }): string =>
      `The transaction was rolled back although its work succeeded, because one of its statements had failed: ${at.reason}.`,
    fix: 'Let the error of the failed statement pass, or run the statement that may fail under `tx.savepoint`.',
  },
  DATABASE_TRANSACTION_CLOSED: {
    message: (): string => 'A statement was to be run in a transaction that has ended.',
    fix: 'Await every statement inside the function given to `database.transaction`, and keep `tx` out of anything that outlives it.',
  },
  DATABASE_TRANSACTION_ESCAPED: {
    message: (): string => 'The work of a transaction ended it itself, with a COMMIT or ROLLBACK of its own.',
    fix: 'Leave begin, commit and rollback to `database.transaction`; use `tx.savepoint` for a part that may fail.',
  },
  DATABASE_ONCE_KEY_MISSING: {
    message: (at: { reason: string }): string =>
      `\`database.once\` has no key to know a repetition by: ${at.reason}.`,
    fix: "Give it one: `database.once(work, { key: orderId, scope: 'orders' })`.",
  },
  DATABASE_ONCE_KEY_INVALID: {
    message: (at: { from: string; problem: string }): string => `${at.from} cannot be a key: ${at.problem}.`,
    fix: 'Use 1 to 255 visible ASCII characters, such as a UUID: `Idempotency-Key: "8e03978e-40d5-43e8-bc93-6894a57f9324"`.',
  },
  DATABASE_ONCE_MISMATCH: {
    message: (at: { from: string }): string =>
      `${at.from} was used before, for a request with other content.`,
    fix: 'Use a new key for every new request; repeat a request as it was.',
  },
  DATABASE_ONCE_RESULT_INVALID: {
    message: (at: { problem: string }): string =>
      `The result of \`database.once\` cannot be kept: ${at.problem}.`,
    fix: 'Let the work return little and plain data, such as the id of what it made, and read the rest afterwards. Nothing was applied.',
  },
  DATABASE_SCHEMA_NEWER: {
    message: (at: { table: string; found: number; known: number }): string =>
      `The table ${at.table} has version ${at.found}, and this version of Pando knows up to ${at.known}.`,
    fix: 'Run the version of Pando that made it, or a newer one.',
  },
  DATABASE_FRAGMENT_INVALID: {
    message: (at: { problem: string }): string => `A statement cannot be composed: ${at.problem}.`,
    fix: 'Compose statements with `sql`, `fragment`, `identifier` and `join` only.',
  },
  DATABASE_MIGRATIONS_INVALID: {
    message: (at: { directory: string; problems: readonly string[] }): string =>
      `The migrations in ${at.directory} cannot be applied, and nothing was:\n${at.problems.map((problem) => `  - ${problem}`).join('\n')}`,
    fix: 'Files are named 0001_what.sql, 0002_….sql, without gaps. One that was applied is never edited, renamed or removed: restore it, and put the change into a new file with the next number.',
    permanent: true,
  },
  DATABASE_MIGRATION_FAILED: {
    message: (at: { file: string; line: number; column: number; reason: string; excerpt: string }): string =>
      `Migration ${at.file} failed at line ${at.line}, column ${at.column}: ${at.reason}\n  ${at.excerpt}`,
    fix: 'Correct the file and start again: the migrations before it are applied, and this one left nothing behind unless it says `-- pando: no transaction`.',
    permanent: true,
  },
  DATABASE_MIGRATION_LOCKED: {
    message: (at: { waitedMs: number }): string =>
      `Another process has been applying migrations for ${at.waitedMs} ms.`,
    fix: 'Wait until it is done, or stop it; its unfinished migration is then rolled back.',
  },
} as const
