// Operations are published on diagnostics channels; metrics, logs and the dashboard subscribe. Tiers import none of
// them, and an operation without subscribers costs one property read.

import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel'

/**
 * The tracing channel `pando:<tier>:<operation>` whose payload is `Payload`; see docs/reference/channels.md for all.
 * Use `channel.hasSubscribers` before building the payload of a hot operation.
 */
export function channel<Payload extends object>(tier: string, operation: string): TracingChannel<Payload> {
  return tracingChannel<Payload>(`pando:${tier}:${operation}`)
}
