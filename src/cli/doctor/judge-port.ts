// What to think of the port: free, taken by this very installation, or taken by somebody else. Pure.

import { fail, ok, type Check } from './check.ts'

/** What listening on it came to: `free`, or the system's error code such as `EADDRINUSE`. */
export type PortProbe = 'free' | (string & {})

/** `isOurs`: this installation runs and its web address has the port. */
export function judgePort(host: string, port: number, probe: PortProbe, isOurs: boolean): Check {
  const at = `${host}:${port}`
  if (isOurs) return ok('port', `${at} serves this installation`)
  switch (probe) {
    case 'free':
      return ok('port', `${at} is free`)
    case 'EADDRINUSE':
      return fail(
        'port',
        `${at} is taken by another program`,
        `See which with \`ss -ltnp 'sport = :${port}'\`, or choose another with \`pando up --port ${port + 1}\`.`,
      )
    case 'EACCES':
      return fail(
        'port',
        `${at} may be opened by root only`,
        `Choose one from 1024 with \`--port\`, or allow it: \`sudo sysctl net.ipv4.ip_unprivileged_port_start=${port}\`.`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return fail(
        'port',
        `${host} is no address of this machine (${probe})`,
        'Set `web.host` to 127.0.0.1 or 0.0.0.0; `ip -brief address` lists the others.',
      )
    default:
      return fail(
        'port',
        `${at} cannot be opened (${probe})`,
        'Set `web.host` and `web.port` to what this machine has.',
      )
  }
}

/** `probe`: of the first web server's place behind a balancer; `count`: how many there may be. */
export function judgeServers(
  { host, port }: { readonly host: string; readonly port: number },
  probe: PortProbe,
  { isOurs, count }: { readonly isOurs: boolean; readonly count: number },
): Check {
  const name = 'web servers'
  const at = `${host}:${port}`
  if (isOurs) return ok(name, `${at} serves this installation`)
  if (probe === 'free') return ok(name, `${at} is free, the first of ${count} places behind the balancer`)
  if (probe === 'EADDRINUSE')
    return fail(
      name,
      `${at}, the place of web-1, is taken by another program`,
      `See which with \`ss -ltnp 'sport = :${port}'\`, or set another \`web.serverPort\`.`,
    )
  if (probe === 'EADDRNOTAVAIL')
    return fail(
      name,
      `${host}, the address of web-1, is no address of this machine`,
      `macOS: \`for n in $(seq ${count}); do sudo ifconfig lo0 alias ${host.replace(/\d+$/, '$n')}; done\`, again after each start of the machine. Or set \`balancer: { driver: 'embedded' }\`.`,
    )
  return fail(name, `${at}, the place of web-1, cannot be opened (${probe})`, 'Set another `web.serverPort`.')
}
