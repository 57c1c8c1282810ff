// How the supervisor comes to the engine of a member: from the module that the plan names, or, for a member that is only
// to be stopped, from its own record.

import { pathToFileURL } from 'node:url'
import type { MemberEngine, MemberSpec } from '../base/member.ts'
import { hashSpec, type MemberRecord } from './records.ts'
import { stopOf } from './supervised-member.ts'

interface EnginesModule {
  readonly loadEngine: (key: string) => Promise<MemberEngine>
}

/** The engine called `key`, by the module that the plan names. */
export async function loadEngine(module: string, key: string): Promise<MemberEngine> {
  const engines = (await import(pathToFileURL(module).href)) as EnginesModule
  return engines.loadEngine(key)
}

/** The record of a member that has no process yet. */
export function neverStarted(spec: MemberSpec, engine: MemberEngine): MemberRecord {
  return { spec, specHash: hashSpec(spec), incarnation: '', stop: stopOf(spec, engine), restarts: 0 }
}

/** For a member that runs and is not wanted any more: its record says how it is stopped. */
export function onlyToStop({ stop }: MemberRecord): MemberEngine {
  return {
    prepare: () => Promise.reject(new Error('This member is only stopped, never started.')),
    probe: () => Promise.resolve({ ready: false, detail: 'is not wanted any more' }),
    stop,
    startDeadlineMs: Number.POSITIVE_INFINITY,
  }
}
