export const supervisorErrors = {
  SUPERVISOR_ALREADY_RUNNING: {
    message: (at: { dataDir: string; pid: number | undefined; address: string | undefined }): string =>
      `This installation is already running${at.address === undefined ? '' : ` at ${at.address}`}` +
      `${at.pid === undefined ? '' : `, as process ${at.pid}`} (data in ${at.dataDir}).`,
    fix: (at: { dataDir: string }): string =>
      `Use it as it is, see \`pando status --data ${at.dataDir}\`, stop it with \`pando down --data ${at.dataDir}\`, or give a second one its own data directory and port (\`--data DIR --port N\`).`,
    permanent: true,
  },
  SUPERVISOR_DATA_DIRECTORY: {
    message: (at: { dataDir: string; reason: string }): string =>
      `The data directory ${at.dataDir} cannot be used: ${at.reason}.`,
    fix: 'Make it a directory that you may write to, run the command as the user it belongs to, or name another one with `--data DIR`.',
    permanent: true,
  },
  SUPERVISOR_MEMBER_FAILED: {
    message: (at: { member: string; reason: string; attempts: number; log: string }): string =>
      `${at.member} did not start: it ${at.reason}${at.attempts > 1 ? `, ${at.attempts} times in a row` : ''}.`,
    fix: (at: { log: string }): string =>
      `Correct what its last lines complain about, then run \`pando up\` again. The whole log is ${at.log}.`,
  },
  SUPERVISOR_MEMBER_REFUSED: {
    message: (at: { member: string; log: string }): string =>
      `${at.member} did not start and says that starting it again cannot help.`,
    fix: (at: { log: string }): string =>
      `Correct what its last lines complain about, then run \`pando up\` again. The whole log is ${at.log}.`,
    permanent: true,
  },
  SUPERVISOR_MEMBER_NOT_READY: {
    message: (at: { member: string; waitedMs: number; detail: string; log: string }): string =>
      `${at.member} runs but was not ready after ${at.waitedMs} ms: ${at.detail}.`,
    fix: (at: { log: string }): string =>
      `Look at what it was doing in ${at.log}. If the machine is merely busy, run \`pando up\` again.`,
  },
  SUPERVISOR_CRASHED: {
    message: (at: { log: string; attempts: number }): string =>
      `The supervisor itself ended ${at.attempts} times before everything was ready.`,
    fix: (at: { log: string }): string =>
      `Look at the end of ${at.log}: a full disk or a missing permission is the usual reason; otherwise please report it.`,
  },
  SUPERVISOR_NOT_RUNNING: {
    message: (at: { dataDir: string }): string => `Nothing runs with its data in ${at.dataDir}.`,
    fix: 'Start it with `pando up`, or name the right installation with `--app DIR` or `--data DIR`.',
  },
  SUPERVISOR_UNREACHABLE: {
    message: (at: { socket: string; reason: string }): string =>
      `No answer from the supervisor at ${at.socket}: ${at.reason}.`,
    fix: 'Try again in a second, when its watchdog has put it back; `pando status` says what runs.',
  },
  SUPERVISOR_UNKNOWN_MEMBER: {
    message: (at: { name: string; known: readonly string[]; nearest: string | undefined }): string =>
      `There is no member called "${at.name}"` +
      `${at.nearest === undefined ? '' : `; did you mean "${at.nearest}"`}${at.nearest === undefined ? '.' : '?'}`,
    fix: (at: { known: readonly string[] }): string =>
      at.known.length === 0
        ? 'Nothing has been started here yet; start it with `pando up`.'
        : `Name one of: ${at.known.join(', ')}.`,
    permanent: true,
  },
  SUPERVISOR_CHANGE_UNDER_WAY: {
    message: (at: { kind: string; step: string }): string =>
      `Another change (${at.kind}) is under way: ${at.step}.`,
    fix: 'Wait until it is done, as `pando status` shows it, then ask again.',
  },
  SUPERVISOR_CHANGE_INVALID: {
    message: (at: { reason: string }): string => `The supervisor cannot read the change: ${at.reason}.`,
    fix: 'Use the `pando` command of the version that runs; after an update: `pando down && pando up`.',
    permanent: true,
  },
  SUPERVISOR_NOT_UP: {
    message: (at: { state: 'starts' | 'stops' }): string =>
      at.state === 'starts'
        ? 'Not everything is ready yet, so nothing can be changed.'
        : 'Everything is being stopped, so nothing can be changed.',
    fix: 'Wait until `pando up` has said that it is ready, then ask again.',
  },
  SUPERVISOR_NOT_ROUTED: {
    message: (at: { name: string; wish: 'drain' | 'scale' | 'restart'; routed: readonly string[] }): string =>
      `${at.name} gets no requests that another could take over, so there is no \`${at.wish}\` for it.`,
    fix: (at: { routed: readonly string[] }): string =>
      at.routed.length === 0 ? 'Nothing that runs here has it.' : `It is for: ${at.routed.join(', ')}.`,
    permanent: true,
  },
  SUPERVISOR_NOT_DRAINED: {
    message: (at: { name: string }): string => `${at.name} is in service; there is nothing to restore.`,
    fix: 'See `pando status` for the members that were drained.',
    permanent: true,
  },
  SUPERVISOR_SCALE_LIMIT: {
    message: (at: { tier: string; count: number; drained: number; max: number }): string =>
      `There cannot be ${at.count} ${at.tier} servers${at.drained === 0 ? '' : ` beside ${at.drained} drained`}: ` +
      `at least 1, and at most ${at.max} at once, one of them for the time of a change.`,
    fix: (at: { count: number; drained: number }): string =>
      at.count < 1
        ? 'Name a number from 1 on, or stop everything with `pando down`.'
        : `Set \`web.maxServers\` to ${at.count + at.drained + 1} or more in the topology file, then \`pando down && pando up\`.`,
    permanent: true,
  },
  SUPERVISOR_CHANGE_NEEDS_RESTART: {
    message: (at: { members: readonly string[] }): string =>
      `${at.members.join(', ')} cannot be changed while everything runs: nothing takes over meanwhile.`,
    fix: 'Change it with a short outage: `pando down && pando up`.',
    permanent: true,
  },
  SUPERVISOR_CHANGE_STOPPED: {
    message: (_at: object): string => 'The change was not finished, because everything was stopped.',
    fix: 'Run `pando up`: it starts what the topology file says.',
  },
  SUPERVISOR_NOT_IN_SERVICE: {
    message: (at: { member: string; waitedMs: number; step: string }): string =>
      `${at.member} got no further within ${at.waitedMs} ms: ${at.step}.`,
    fix: 'See `pando status` for what is not well, and `pando logs` for why.',
  },
} as const
