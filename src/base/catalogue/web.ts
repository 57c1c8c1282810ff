// The setting that an error is about: web servers behind a balancer are put elsewhere by others than visitors' addresses.
type PortSetting = 'web.port' | 'web.serverPort'
type HostSetting = 'web.host' | 'balancer.driver'

export const webErrors = {
  WEB_PORT_IN_USE: {
    message: (at: { host: string; port: number; setting?: PortSetting }): string =>
      `Port ${at.port} on ${at.host} is in use by another program.`,
    fix: (at: { port: number; setting?: PortSetting }): string =>
      `Stop that program (\`ss -ltnp 'sport = :${at.port}'\` names it), or choose another port with ${at.setting === 'web.serverPort' ? '`web.serverPort`' : '`--port N` or `web.port`'}.`,
    permanent: true,
  },
  WEB_PORT_PRIVILEGED: {
    message: (at: { port: number }): string => `This user may not listen on port ${at.port}.`,
    fix: 'Choose a port from 1024 up with `--port N` or `web.port`, and let a proxy or the firewall forward the low one.',
    permanent: true,
  },
  WEB_PORT_SHARING: {
    message: (at: { processes: number; reason: string }): string =>
      `${at.processes} web processes cannot share one port: ${at.reason}.`,
    fix: 'Set `web.processes` to 1, or name a fixed `web.port` on Linux.',
    permanent: true,
  },
  WEB_HOST_UNAVAILABLE: {
    message: (at: { host: string; reason: string; setting?: HostSetting }): string =>
      `The web server cannot listen on ${at.host}: ${at.reason}.`,
    fix: (at: { host: string; setting?: HostSetting }): string =>
      at.setting === 'balancer.driver'
        ? `Behind a balancer every web server has a loopback address of its own. Linux has them all; elsewhere add them (macOS: \`sudo ifconfig lo0 alias ${at.host}\`), or set \`balancer.driver\` to "embedded".`
        : 'Set `web.host` to an address of this machine: 127.0.0.1 for this machine only, 0.0.0.0 or :: for every network.',
    permanent: true,
  },
  WEB_CONTROL_SOCKET: {
    message: (at: { path: string; reason: string }): string =>
      `The control socket ${at.path} could not be opened: ${at.reason}.`,
    fix: 'Check that its directory exists, belongs to this user, and that no other process of the same name runs.',
  },
  WEB_HEADERS_SENT: {
    message: (at: { name: string }): string =>
      `The response header ${at.name} was added after the response's headers had been sent.`,
    fix: 'Add it before the first byte of the answer is written.',
  },
  WEB_REQUEST_MALFORMED: {
    message: (at: { reason: string }): string => `The request is not valid HTTP: ${at.reason}.`,
    fix: 'Correct the client.',
  },
  WEB_HEADERS_TOO_LARGE: {
    message: (at: { maxBytes: number }): string =>
      `The request's headers are larger than ${at.maxBytes} bytes.`,
    fix: 'Send fewer or smaller cookies and headers, or raise `web.headersMaxBytes`.',
  },
  WEB_BODY_TOO_LARGE: {
    message: (at: { maxBytes: number }): string => `The request's body is larger than ${at.maxBytes} bytes.`,
    fix: 'Send less, or raise `web.bodyMaxBytes`.',
  },
  WEB_REQUEST_TIMEOUT: {
    message: (_at: object): string => `The request did not arrive completely in the time allowed.`,
    fix: 'Send faster, or raise `web.headersTimeoutMs` or `web.requestTimeoutMs`.',
  },
  WEB_ANSWER_TIMEOUT: {
    message: (at: { waitedMs: number }): string =>
      `The application did not begin to answer within ${at.waitedMs} ms.`,
    fix: 'Look for what that route waits for; move slow work out of the request, or raise `web.answerTimeoutMs`.',
  },
  WEB_DRAINING: {
    message: (_at: object): string => `This process is being stopped and takes no new connection.`,
    fix: 'Try again: another process answers.',
  },
  WEB_METHOD_UNSUPPORTED: {
    message: (at: { method: string }): string => `The method ${at.method} is not supported.`,
    fix: 'This is a web server and no proxy: use GET, POST and the other methods of a resource.',
  },
  WEB_HANDLER_FAILED: {
    message: (_at: object): string => `The application failed to answer this request.`,
    fix: 'The log has the error under the same requestId.',
  },
  WEB_HANDLER_REFUSED: {
    message: (_at: object): string => `The application refused this request.`,
    fix: 'The status says why; the log has the error under the same requestId at the level `debug`.',
  },
} as const
