export type { Session, SessionData, SessionStart, Sessions } from './sessions.ts'
