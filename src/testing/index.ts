// `pando/testing`: what proves a driver of your own, and what tests of an application stand on. The suites need Vitest.

export { fakeClock, type FakeClock } from './clock.ts'
export { testFileDriver, type FileDriverHarness } from './file-driver.ts'
export { startTestPostgres, type TestPostgres, type TestPostgresOptions } from './postgres.ts'
export { testSessionStore, type SessionStoreHarness } from './session-store.ts'
