import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { composeServices, startStop, type Service } from './service.ts'

function recorded(events: string[], name: string, failures = 0): Service {
  let left = failures
  return startStop({
    async open() {
      events.push(`open ${name}`)
      await Promise.resolve()
      if (left-- > 0) throw new Error(`${name} does not open`)
    },
    async close() {
      events.push(`close ${name}`)
      await Promise.resolve()
    },
  })
}

describe('a service', () => {
  test('opens once however many start it at once', async () => {
    const events: string[] = []
    const service = recorded(events, 'a')

    await Promise.all([service.start(), service.start()])
    await service.start()

    expect(events).toEqual(['open a'])
    expect(service.health.state).toBe('running')
  })

  test('closes once however many stop it, and not at all before it was started', async () => {
    const events: string[] = []
    const service = recorded(events, 'a')

    await service.stop(10)
    expect(events).toEqual([])

    await service.start()
    await Promise.all([service.stop(10), service.stop(10)])
    await service.stop(10)
    expect(events).toEqual(['open a', 'close a'])
  })

  test('cleans up after a failed start, says why, and can be started again', async () => {
    const events: string[] = []
    const service = recorded(events, 'a', 1)

    await expect(service.start()).rejects.toThrow('a does not open')
    expect(service.health).toEqual({ state: 'failed', detail: 'Error: a does not open' })

    await service.start()
    expect(events).toEqual(['open a', 'close a', 'open a'])
  })

  test('gives up a start when it is stopped meanwhile', async () => {
    const opened = Promise.withResolvers<void>()
    let closed = 0
    const service = startStop({
      open: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
          opened.resolve()
        }),
      close: () => Promise.resolve(void closed++),
    })

    const starting = service.start()
    await opened.promise
    await service.stop(10)

    await expect(starting).rejects.toThrow('stopped while starting')
    expect(closed).toBe(1)
    expect(service.health.state).toBe('stopped')
  })

  test('opens and closes in turn and ends closed, whatever the order of the calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('start', 'stop', 'wait'), { maxLength: 12 }),
        async (calls) => {
          const events: string[] = []
          const service = recorded(events, 'a')
          for (const call of calls) {
            if (call === 'start') service.start().catch(() => {})
            else if (call === 'stop') void service.stop(10)
            else await new Promise((resolve) => setImmediate(resolve))
          }
          await service.stop(10)

          const alternating = events.map((_event, index) => (index % 2 === 0 ? 'open a' : 'close a'))
          expect(events).toEqual(alternating)
          expect(events.length % 2).toBe(0)
        },
      ),
    )
  })
})

describe('composed services', () => {
  test('start in order and stop in reverse', async () => {
    const events: string[] = []
    const all = composeServices([recorded(events, 'a'), recorded(events, 'b')], () => 0)

    await all.start()
    await all.stop(10)

    expect(events).toEqual(['open a', 'open b', 'close b', 'close a'])
  })

  test('stop those that had started when a later one fails', async () => {
    const events: string[] = []
    const all = composeServices([recorded(events, 'a'), recorded(events, 'b', 1)], () => 0)

    await expect(all.start()).rejects.toThrow('b does not open')

    expect(events).toEqual(['open a', 'open b', 'close b', 'close a'])
  })
})
