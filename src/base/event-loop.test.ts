import { pbkdf2Sync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../testing/clock.ts'
import { watchEventLoop } from './event-loop.ts'

describe('the watch over the event loop', () => {
  test('says nothing before its first period is over', async () => {
    const clock = fakeClock()
    const watch = watchEventLoop(clock)

    await clock.advance(999)

    expect(watch.load).toEqual({ utilisation: 0, delayP99Ms: 0 })
    watch.stop()
  })

  test('finds a loop busy that never waits', async () => {
    const clock = fakeClock()
    const watch = watchEventLoop(clock)

    pbkdf2Sync('password', 'salt', 50_000, 64, 'sha512')
    await clock.advance(1_000)

    expect(watch.load.utilisation).toBeGreaterThan(0.5)
    expect(watch.load.utilisation).toBeLessThanOrEqual(1)
    watch.stop()
  })

  test('leaves nothing behind when it is stopped, twice too', () => {
    const clock = fakeClock()
    const watch = watchEventLoop(clock)

    watch.stop()
    watch.stop()

    expect(clock.pending).toBe(0)
  })
})
