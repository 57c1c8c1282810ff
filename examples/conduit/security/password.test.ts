import { describe, expect, test } from 'vitest'
import { createPasswords } from './password.ts'

const passwords = createPasswords()

describe('a password', () => {
  test('matches its own hash and no other password does', async () => {
    const hash = await passwords.hash('open sesame')

    expect(await passwords.verify('open sesame', hash)).toBe(true)
    expect(await passwords.verify('Open sesame', hash)).toBe(false)
  })

  test('matches however its letters were composed', async () => {
    const hash = await passwords.hash('caf\u00e9')

    expect(await passwords.verify('cafe\u0301', hash)).toBe(true)
  })

  test('has another hash each time', async () => {
    expect(await passwords.hash('twice')).not.toBe(await passwords.hash('twice'))
  })

  test('matches nothing where there is no hash, or none that can be read', async () => {
    expect(await passwords.verify('x', undefined)).toBe(false)
    expect(await passwords.verify('x', 'nonsense')).toBe(false)
  })
})

describe('a hash', () => {
  test('made with less work than a new one is weak', async () => {
    const hash = await passwords.hash('x')

    expect(passwords.isWeak(hash)).toBe(false)
    expect(passwords.isWeak(hash.replace('ln=14', 'ln=13'))).toBe(true)
    expect(passwords.isWeak(hash.replace('p=5', 'p=1'))).toBe(true)
  })
})
