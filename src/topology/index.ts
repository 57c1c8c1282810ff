export { loadTopology, type LoadedTopology } from './load.ts'
export { planMembers } from './plan.ts'
export type { TopologyInput } from './schema.ts'
