export interface TopologyInput {
  readonly stage?: string
}
