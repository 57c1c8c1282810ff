export const balancerErrors = {
  BALANCER_ENGINE_MISSING: {
    message: (at: { looked: readonly string[] }): string =>
      `HAProxy is not installed (looked for ${at.looked.join(', ')}).`,
    fix: 'Install it (`apt-get install haproxy` on Debian and Ubuntu), or set `balancer: { driver: "embedded" }` to do without while developing.',
    permanent: true,
  },
  BALANCER_VERSION_UNSUPPORTED: {
    message: (at: { path: string; version: string; least: string }): string =>
      `${at.path} is HAProxy ${at.version}, and ${at.least} is the oldest that works.`,
    fix: 'Install a newer HAProxy; Debian 12 and later have one.',
    permanent: true,
  },
  BALANCER_CONFIGURATION_REFUSED: {
    message: (at: { member: string; lines: readonly string[] }): string =>
      `HAProxy refuses the configuration of ${at.member}: ${at.lines.join(' ')}`,
    fix: 'Look at the settings under `balancer` that HAProxy names; certificates are read at this moment too.',
    permanent: true,
  },
  BALANCER_CERTIFICATE_UNREADABLE: {
    message: (at: { path: string; reason: string }): string =>
      `The certificate ${at.path} cannot be read: ${at.reason}.`,
    fix: 'Correct `balancer.tlsCertificates`: PEM files with a chain and its key, readable by the user that runs Pando. Relative paths begin at the application.',
    permanent: true,
  },
  BALANCER_PORT_IN_USE: {
    message: (at: { host: string; port: number }): string =>
      `Port ${at.port} on ${at.host}, where visitors come in, is in use by another program.`,
    fix: (at: { port: number }): string =>
      `Stop that program (\`ss -ltnp 'sport = :${at.port}'\` names it), or choose another port with \`--port N\`, \`web.port\` or \`balancer.tlsRedirectPort\`.`,
    permanent: true,
  },
  BALANCER_PORT_PRIVILEGED: {
    message: (at: { port: number }): string => `This user may not listen on port ${at.port}.`,
    fix: 'Choose a port from 1024 up, start Pando as root (the processes that meet visitors then run as another user), or lower `net.ipv4.ip_unprivileged_port_start`.',
    permanent: true,
  },
  BALANCER_HOST_UNAVAILABLE: {
    message: (at: { host: string; reason: string }): string =>
      `The balancer cannot listen on ${at.host}: ${at.reason}.`,
    fix: 'Set `web.host` to an address of this machine: 127.0.0.1 for this machine only, 0.0.0.0 or :: for every network.',
    permanent: true,
  },
  BALANCER_NO_SERVER: {
    message: (at: { member: string }): string =>
      `${at.member} does not start beside web processes that have visitors: no web server behind it is ready.`,
    fix: 'It is tried again. `pando status` and `pando logs` say why the web servers are not ready.',
  },
  BALANCER_RELOAD_FAILED: {
    message: (at: { member: string; reason: string }): string =>
      `${at.member} did not take its new configuration and goes on with the old one: ${at.reason}.`,
    fix: 'Its log says why (`pando logs balancer-1`). Correct the setting and apply again, or restart the balancer.',
  },
  BALANCER_UNREACHABLE: {
    message: (at: { member: string; reason: string }): string =>
      `No answer from ${at.member} on its socket: ${at.reason}.`,
    fix: 'It is asked again every second and restarted when it stays silent; its log may say more.',
  },
} as const
