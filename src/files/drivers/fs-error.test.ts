import { expect, test } from 'vitest'
import { filesError } from './fs-error.ts'

const failure = (code: string): Error => Object.assign(new Error(`${code}: from the system`), { code })

test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('%s means that there is no room', (code) => {
  expect(filesError(failure(code), 'put', '/srv')).toMatchObject({ code: 'FILES_NO_SPACE', permanent: false })
})

test.each(['EACCES', 'EIO', 'EMFILE', 'EROFS', 'ELOOP', 'ENOTDIR'])(
  '%s means that files are unavailable',
  (code) => {
    const cause = failure(code)

    expect(filesError(cause, 'put', '/srv')).toMatchObject({ code: 'FILES_UNAVAILABLE', cause })
  },
)

test('an error that is already ours stays as it is', () => {
  const ours = filesError(failure('EIO'), 'put', '/srv')

  expect(filesError(ours, 'get', '/srv')).toBe(ours)
})
