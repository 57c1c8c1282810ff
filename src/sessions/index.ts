export { sessionsConfig, type SessionsSettings, type SessionsSettingsInput } from './config.ts'
export type {
  SessionChange,
  SessionKey,
  SessionStore,
  SessionStoreCapabilities,
  StoredSession,
} from './driver.ts'
export type { SigningKey } from './keys.ts'
export { openSessions, type OpenedSessions, type OpenSessionsOptions } from './open.ts'
export type { Session, SessionData, SessionStart, Sessions } from './sessions.ts'
