export const sessionsErrors = {
  SESSIONS_NO_REQUEST: {
    message: (at: { operation: string }): string =>
      `sessions.${at.operation} was called by code that runs for no request, so there is no cookie to go by.`,
    fix: 'Call it while a request is being answered; outside of one (a timer, a script) only `sessions.destroyAll` and `sessions.handOver` work.',
    permanent: true,
  },
  SESSIONS_TOO_LARGE: {
    message: (at: { maxBytes: number }): string =>
      `The data of the session would be larger than ${at.maxBytes} bytes.`,
    fix: 'Keep the data in a table and only its key in the session, or raise `sessions.dataMaxBytes`.',
    permanent: true,
  },
  SESSIONS_DATA_INVALID: {
    message: (at: { problem: string }): string => `The session cannot hold what it was given: ${at.problem}.`,
    fix: 'Give what JSON can carry: objects, arrays, numbers, booleans, null, and text without U+0000.',
    permanent: true,
  },
  SESSIONS_KEYS_INVALID: {
    message: (at: { problem: string }): string =>
      `The keys that sign session cookies are no good: ${at.problem}.`,
    fix: 'Give `keys: [{ id, secret }]`, the one that signs first: ids of up to 32 of A-Z a-z 0-9 _ -, all different, and secrets of at least 32 random characters.',
    permanent: true,
  },
  SESSIONS_SCHEMA_NEWER: {
    message: (at: { found: number; known: number }): string =>
      `The session table has version ${at.found}, and this version of Pando knows versions up to ${at.known}.`,
    fix: 'Run the version of Pando that made the table, or a later one.',
    permanent: true,
  },
  SESSIONS_CLOSED: {
    message: (at: { operation: string }): string =>
      `The sessions were closed before the call to ${at.operation}.`,
    fix: 'Finish all use of `sessions` before the application stops.',
    permanent: true,
  },
} as const
