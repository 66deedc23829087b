/**
 * An OpenFeature provider, `homeostat/openfeature`: `await OpenFeature.setProviderAndWait(new HomeostatProvider(tuner))`, then
 * `client.getNumberValue('ttl', 300_000)` for `@openfeature/server-sdk`.
 */
export { type AnyTuner, HomeostatProvider } from './provider.js'
