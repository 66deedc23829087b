import * as sdk from '@openfeature/server-sdk'
import * as otel from '@opentelemetry/api'
import * as api from 'homeostat'
import * as metrics from 'homeostat/metrics'
import * as openfeature from 'homeostat/openfeature'
import promClient from 'prom-client'
import { consumeMetrics } from './metrics-scenario.mjs'

console.log(`RESULT ${JSON.stringify(await consumeMetrics({ api, metrics, openfeature, promClient, otel, sdk }))}`)
