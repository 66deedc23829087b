const parts = {
  api: require('homeostat'),
  metrics: require('homeostat/metrics'),
  openfeature: require('homeostat/openfeature'),
  promClient: require('prom-client'),
  otel: require('@opentelemetry/api'),
  sdk: require('@openfeature/server-sdk'),
}

import('./metrics-scenario.mjs')
  .then(({ consumeMetrics }) => consumeMetrics(parts))
  .then((result) => console.log(`RESULT ${JSON.stringify(result)}`))
