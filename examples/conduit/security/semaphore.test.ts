import { describe, expect, test } from 'vitest'
import { Busy, createSemaphore } from './semaphore.ts'

describe('a semaphore', () => {
  test('runs so many at a time, in the order of asking', async () => {
    const semaphore = createSemaphore(2, 10)
    const started: number[] = []
    const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
    const all = ends.map((end, index) =>
      semaphore.run(() => {
        started.push(index)
        return end.promise
      }),
    )
    expect(started).toEqual([0, 1])

    ends[1]!.resolve()
    await all[1]
    expect(started).toEqual([0, 1, 2])

    for (const end of ends) end.resolve()
    await Promise.all(all)
    expect(started).toEqual([0, 1, 2, 3])
  })

  test('refuses when the queue is full, and takes more when it has emptied', async () => {
    const semaphore = createSemaphore(1, 1)
    const end = Promise.withResolvers<void>()
    const taken = [semaphore.run(() => end.promise), semaphore.run(() => end.promise)]

    await expect(semaphore.run(async () => {})).rejects.toThrow(Busy)

    end.resolve()
    await Promise.all(taken)
    expect(await semaphore.run(async () => 'again')).toBe('again')
  })

  test('gives its place on when the work fails', async () => {
    const semaphore = createSemaphore(1, 1)

    await expect(semaphore.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')

    expect(await semaphore.run(async () => 'next')).toBe('next')
  })
})
