export type { FetchHandler, Handler, NodeListener } from './handler.ts'
