import { describe, expect, test } from 'vitest'
import type { UpstreamWish } from '../../base/route.ts'
import { commandsFor, type Wanted, wishOf } from './reconcile.ts'
import { readReport, readWorkers, type ServerState } from './runtime.ts'

const at = (name: string, host = '127.0.0.1'): Pick<ServerState, 'name' | 'host' | 'port'> => ({
  name,
  host,
  port: 8080,
})
const wanted = (wishes: Readonly<Record<string, UpstreamWish>>, host = '127.0.0.1'): Wanted =>
  Object.fromEntries(Object.entries(wishes).map(([name, wish]) => [name, { wish, host, port: 8080 }]))

// server-t.h: FMAINT 0x01, CMAINT 0x04, FDRAIN 0x08.
const READY = { admin: 0, weight: 1 }
const ENABLED_AGAIN = { admin: 4, weight: 1 }
const DISABLED = { admin: 5, weight: 1 }
const DRAINING = { admin: 8, weight: 1 }
const WEIGHTLESS = { admin: 0, weight: 0 }

describe('a server', () => {
  test.each([
    [READY, 'ready'],
    [ENABLED_AGAIN, 'ready'],
    [DISABLED, 'out'],
    [DRAINING, 'drain'],
    [WEIGHTLESS, 'drain'],
  ] as const)('%o is %s', (state, wish) => {
    expect(wishOf({ ...at('web-1'), ...state })).toBe(wish)
  })
})

describe('the commands', () => {
  test('are none when all is as wished', () => {
    const servers = [
      { ...at('web-1'), ...READY },
      { ...at('web-2'), ...DRAINING },
      { ...at('web-3'), ...DISABLED },
    ]

    expect(commandsFor(servers, wanted({ 'web-1': 'ready', 'web-2': 'drain', 'web-3': 'out' }))).toEqual([])
  })

  test('bring one in and take one out', () => {
    const servers = [
      { ...at('web-1'), ...DISABLED },
      { ...at('web-2'), ...READY },
    ]

    expect(commandsFor(servers, wanted({ 'web-1': 'ready', 'web-2': 'out' }))).toEqual([
      'set server web/web-1 state ready',
      'set server web/web-2 state maint',
    ])
  })

  test('take out what nobody has a wish for', () => {
    expect(commandsFor([{ ...at('web-1'), ...READY }], {})).toEqual(['set server web/web-1 state maint'])
  })

  test('turn the weight of 0 that a configuration begins with into a drain', () => {
    expect(commandsFor([{ ...at('web-1'), ...WEIGHTLESS }], wanted({ 'web-1': 'drain' }))).toEqual([
      'set server web/web-1 state drain',
      'set server web/web-1 weight 1',
    ])
  })

  test('change an address only while the server is out of service', () => {
    const servers = [{ ...at('web-1'), ...READY }]

    expect(commandsFor(servers, wanted({ 'web-1': 'ready' }, '127.0.0.2'))).toEqual([
      'set server web/web-1 state maint',
      'set server web/web-1 addr 127.0.0.2 port 8080',
      'set server web/web-1 state ready',
    ])
  })

  test('are a defect for a server without a slot', () => {
    expect(() => commandsFor([{ ...at('web-1'), ...READY }], wanted({ 'web-9': 'ready' }))).toThrow(
      'there is no slot for web-9',
    )
  })
})

describe('what HAProxy says', () => {
  test('names the worker that serves, the ones it replaced and the reloads that failed', () => {
    const said = [
      '#<PID>          <type>          <reloads>       <uptime>        <version>',
      '1162            master          5 [failed: 1]   0d00h02m07s     2.6.12-1+deb12u4',
      '# workers',
      '1271            worker          1               0d00h00m00s     2.6.12-1+deb12u4',
      '# old workers',
      '1233            worker          3               0d00h00m43s     2.6.12-1+deb12u4',
      '# programs',
    ].join('\n')

    expect(readWorkers(said)).toEqual({ current: 1271, old: [1233], failedReloads: 1 })
  })

  test('counts what it refused, what it closed without a word and what broke off as failed', () => {
    const names =
      '# pxname,svname,qcur,scur,stot,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,req_tot,srv_abrt,qtime'
    const said = [
      '1',
      '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port',
      '3 web 1 web-1 127.11.184.1 2 0 1 1 6 15 3 2 6 0 0 0 - 8080 - 0 0 - - 0',
      '',
      names,
      'visitors,FRONTEND,,9,20,0,88,0,0,7,0,100,,',
      'web,web-1,2,3,97,0,88,0,0,2,0,90,1,4',
      // 97 came: 95 have a status, of which 5 are refusals of HAProxy, and 1 is in work.
      'web,BACKEND,2,1,97,0,88,0,0,7,0,95,1,4',
      '',
    ].join('\n')

    const report = readReport(said)!

    expect(report.servers).toEqual([{ name: 'web-1', host: '127.11.184.1', port: 8080, admin: 0, weight: 1 }])
    expect(report.counters).toMatchObject({ requests: 100, failed: 1 + 5 + 1, waiting: 4, waitMs: 4 })
    expect(report.counters.active.get('web-1')).toBe(3)
  })

  test('is no report while it is not whole', () => {
    expect(readReport('1\n# be_id be_name srv_id')).toBeUndefined()
  })
})
