export { webConfig, type WebSettings, type WebSettingsInput } from './config.ts'
export type { FetchHandler, Handler, NodeBindings, NodeListener, UpgradeListener } from './handler.ts'
export {
  createWebServer,
  type WebServer,
  type WebServerOptions,
  type WebServerSettings,
} from './server/server.ts'
export type { RequestObserved } from './exchange/requests-channel.ts'
export { refusalOf } from './refusal/statuses.ts'
export type { Refusal } from './refusal/refusal.ts'
