// The autoscalers of an installation: one a tier, a new one when its settings change. What is decided becomes a change
// like one that a person asks for.

import type { Clock } from '../../base/clock.ts'
import { createAutoscaler, type Autoscaler } from './autoscaler.ts'
import type { ScalingSettings } from './decide.ts'
import { measured, type Circumstance } from './measured.ts'

export interface ScalingEnvironment {
  readonly clock: Clock
  /** Asks for another number of members, unless a change is under way. */
  readonly scale: (tier: string, count: number, reason: string) => void
}

export class Scaling {
  readonly #environment: ScalingEnvironment
  readonly #autoscalers = new Map<string, { readonly settings: string; readonly autoscaler: Autoscaler }>()

  constructor(environment: ScalingEnvironment) {
    this.#environment = environment
  }

  /** Takes what was measured of `tier` now; without `settings` it is forgotten. */
  observe(tier: string, settings: ScalingSettings | undefined, circumstance: Circumstance): void {
    if (settings === undefined) this.#autoscalers.delete(tier)
    else this.#autoscalerOf(tier, settings).observe(measured(circumstance))
  }

  #autoscalerOf(tier: string, settings: ScalingSettings): Autoscaler {
    const { clock, scale } = this.#environment
    const known = this.#autoscalers.get(tier)
    const text = JSON.stringify(settings)
    if (known?.settings === text) return known.autoscaler
    const autoscaler = createAutoscaler({
      settings,
      clock,
      onDecision: ({ count, reason }) => scale(tier, count, reason),
    })
    this.#autoscalers.set(tier, { settings: text, autoscaler })
    return autoscaler
  }
}
