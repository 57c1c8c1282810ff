// Every rule, in the order in which docs/how-to/stateless.md explains them.

import type { Rule } from '../finding.ts'
import { localDatabase } from './local-database.ts'
import { localDisk } from './local-disk.ts'
import { localSessions } from './local-sessions.ts'
import { memoryCache } from './memory-cache.ts'
import { memoryRateLimit } from './memory-rate-limit.ts'
import { moduleState } from './module-state.ts'
import { processBroadcast } from './process-broadcast.ts'
import { processLock } from './process-lock.ts'
import { processTimer } from './process-timer.ts'

export const rules: readonly Rule[] = [
  moduleState,
  memoryCache,
  processTimer,
  localDisk,
  localDatabase,
  localSessions,
  processBroadcast,
  memoryRateLimit,
  processLock,
]
