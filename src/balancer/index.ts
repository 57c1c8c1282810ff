export { balancerConfig, type BalancerSettings, type BalancerSettingsInput } from './config.ts'
