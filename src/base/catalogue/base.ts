export const baseErrors = {
  BASE_DEADLINE: {
    message: (at: { what: string; waitedMs: number }): string =>
      `${at.what} did not finish within ${at.waitedMs} ms.`,
    fix: 'Look at the log of the part named above for what it was waiting for.',
  },
  BASE_OVERLOADED: {
    message: (at: { what: string; limit: number }): string =>
      `${at.what} has ${at.limit} callers waiting already, which is its limit.`,
    fix: 'Try again later, or give the part named above more capacity.',
  },
  BASE_SOCKET_DIRECTORY: {
    message: (at: { path: string }): string => `${at.path} belongs to another user and cannot hold sockets.`,
    fix: 'Choose a data directory with a shorter path (`--data DIR`, at most 70 characters), or remove the directory named above.',
    permanent: true,
  },
} as const
