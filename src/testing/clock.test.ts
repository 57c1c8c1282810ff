import { expect, test } from 'vitest'
import { fakeClock } from './clock.ts'

test('a fake clock stands still until it is advanced', async () => {
  const clock = fakeClock(1_000)

  expect(clock.now()).toBe(1_000)
  await clock.advance(250)

  expect(clock.now()).toBe(1_250)
  expect(clock.monotonic()).toBe(250)
})

test('timers fire at their time, in the order of their times and then of their setting', async () => {
  const clock = fakeClock(0)
  const fired: string[] = []
  clock.after(20, () => fired.push(`c at ${clock.now()}`))
  clock.after(10, () => fired.push(`a at ${clock.now()}`))
  clock.after(10, () => fired.push(`b at ${clock.now()}`))
  clock.after(21, () => fired.push('too late'))

  await clock.advance(20)

  expect(fired).toEqual(['a at 10', 'b at 10', 'c at 20'])
  expect(clock.pending).toBe(1)
})

test('a sleep set by the end of another one falls due in the same advance', async () => {
  const clock = fakeClock(0)
  const woken: number[] = []
  const sleeper = (async (): Promise<void> => {
    await clock.sleep(10)
    woken.push(clock.now())
    await clock.sleep(10)
    woken.push(clock.now())
  })()

  await clock.advance(20)
  await sleeper

  expect(woken).toEqual([10, 20])
})

test('an interval fires every time until it is cancelled', async () => {
  const clock = fakeClock(0)
  const fired: number[] = []
  const cancel = clock.every(10, () => fired.push(clock.now()))

  await clock.advance(30)
  cancel()
  await clock.advance(30)

  expect(fired).toEqual([10, 20, 30])
  expect(clock.pending).toBe(0)
})

test('a sleep rejects with the reason of its signal and leaves no timer behind', async () => {
  const clock = fakeClock(0)
  const abort = new AbortController()
  const sleeping = clock.sleep(10, abort.signal)

  abort.abort(new Error('enough'))

  await expect(sleeping).rejects.toThrow('enough')
  await expect(clock.sleep(10, abort.signal)).rejects.toThrow('enough')
  expect(clock.pending).toBe(0)
})

test('a jump of the date moves now, and neither the monotonic time nor the timers', async () => {
  const clock = fakeClock(1_000)
  let fired = false
  clock.after(10, () => {
    fired = true
  })

  clock.jump(-500)

  expect(clock.now()).toBe(500)
  expect(clock.monotonic()).toBe(0)
  expect(fired).toBe(false)
})

test('a callback that throws makes the advance reject', async () => {
  const clock = fakeClock(0)
  clock.after(1, () => {
    throw new Error('from the timer')
  })

  await expect(clock.advance(1)).rejects.toThrow('from the timer')
})
