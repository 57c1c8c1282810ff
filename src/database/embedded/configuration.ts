// The configuration files of the embedded server, as text. Durability is never weakened here: `fsync`,
// `full_page_writes` and `synchronous_commit` stay on, which is what makes an acknowledged commit survive a crash.

export interface ServerSettings {
  readonly socketDir: string
  readonly maxConnections: number
  readonly sharedBuffersBytes: number
  /** Memory of the machine or container, which the planner's idea of the page cache follows. */
  readonly memoryBytes: number
}

const MIB = 2 ** 20

/** An eighth of the memory, at least 64 MiB and at most 2 GiB. */
export function defaultSharedBuffersBytes(memoryBytes: number): number {
  return Math.min(Math.max(Math.floor(memoryBytes / 8), 64 * MIB), 2048 * MIB)
}

/** postgresql.conf. Sizes are whole MiB, because PostgreSQL reads no bytes there. */
export function serverConfiguration(settings: ServerSettings): string {
  const megabytes = (bytes: number): string => `${Math.max(1, Math.floor(bytes / MIB))}MB`
  const lines: readonly (readonly [string, string | number])[] = [
    ['listen_addresses', "''"],
    ['port', SOCKET_PORT],
    ['unix_socket_directories', quoted(settings.socketDir)],
    ['unix_socket_permissions', '0700'],
    ['password_encryption', 'scram-sha-256'],
    ['max_connections', settings.maxConnections],
    ['fsync', 'on'],
    ['full_page_writes', 'on'],
    ['synchronous_commit', 'on'],
    ['restart_after_crash', 'on'],
    // Enough for a replica or a subscriber to be attached later without a restart.
    ['wal_level', 'logical'],
    ['max_wal_senders', 10],
    ['max_replication_slots', 10],
    ['min_wal_size', '80MB'],
    ['max_wal_size', '1GB'],
    ['shared_buffers', megabytes(settings.sharedBuffersBytes)],
    ['effective_cache_size', megabytes(settings.memoryBytes / 2)],
    ['maintenance_work_mem', '64MB'],
    // Pages come from a solid-state disk or from memory nearly always.
    ['random_page_cost', 1.1],
    // Statements are short: compiling them costs more than it saves.
    ['jit', 'off'],
    ['io_method', 'sync'],
    // A client that hangs inside a transaction holds its locks and stops vacuum.
    ['idle_in_transaction_session_timeout', '5min'],
    // A client whose machine went away is noticed while its statement runs.
    ['client_connection_check_interval', '10s'],
    ['logging_collector', 'off'],
    ['log_destination', 'stderr'],
    ['log_line_prefix', "'%m [%p] '"],
    ['log_checkpoints', 'off'],
    // The statement may carry personal data or a password.
    ['log_min_error_statement', 'panic'],
    ['lc_messages', "'C'"],
    ['timezone', "'UTC'"],
    ['log_timezone', "'UTC'"],
    ['default_text_search_config', "'pg_catalog.english'"],
    ['cluster_name', "'pando'"],
  ]
  return `# Written at every start; changes belong into the topology file.\n${lines.map(([name, value]) => `${name} = ${value}\n`).join('')}`
}

/** pg_hba.conf: everybody gives a password, and only the Unix socket is listened on. */
export const HOST_BASED_AUTHENTICATION =
  '# Written at every start.\nlocal all all scram-sha-256\nlocal replication all scram-sha-256\n'

/** Part of the socket's name (`.s.PGSQL.5432`) and nothing else: no port is opened. */
export const SOCKET_PORT = 5432

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
