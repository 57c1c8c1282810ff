export { webConfig, type WebSettings, type WebSettingsInput } from './config.ts'
export type { FetchHandler, Handler, NodeBindings, NodeListener, UpgradeListener } from './handler.ts'
export { createWebServer, type WebServer, type WebServerOptions, type WebServerSettings } from './server.ts'
