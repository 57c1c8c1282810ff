import { expect, test } from 'vitest'
import { fakeClock } from '../../testing/clock.ts'
import { s3Body } from './s3-body.ts'

const TEN = new Uint8Array(10)

test('a reader who leaves while the rest is asked for again leaves no connection behind', async () => {
  let pulls = 0
  const breaking = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(TEN)
      else controller.error(new Error('the connection was reset'))
    },
  })
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<ReadableStream<Uint8Array>>()
  const givenBack = Promise.withResolvers<string>()
  const body = s3Body(breaking, {
    bytes: { start: 0, end: 999 },
    clock: fakeClock(),
    timeoutMs: 1_000,
    failed: (error) => error,
    reopen() {
      asked.resolve()
      return answer.promise
    },
  })
  const reader = body.getReader()
  await reader.read()
  const unread = reader.read()
  await asked.promise

  await reader.cancel()
  answer.resolve(new ReadableStream({ cancel: () => givenBack.resolve('given back') }))

  expect(await givenBack.promise).toBe('given back')
  expect(await unread).toEqual({ done: true, value: undefined })
})
