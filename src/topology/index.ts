export { loadTopology, type LoadedTopology } from './load.ts'
export { planMembers } from './plan.ts'
export type { Topology, TopologyInput } from './schema.ts'
