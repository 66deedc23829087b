import express from 'express'
import fastify from 'fastify'
import { guard as expressGuard } from 'homeostat/express'
import { guard as fastifyGuard } from 'homeostat/fastify'
import { shedder } from 'homeostat/flow'
import { guard as honoGuard } from 'homeostat/hono'
import { reflex } from 'homeostat/resilience'
import { interceptor } from 'homeostat/undici'
import { Hono } from 'hono'
import * as undici from 'undici'
import { consumeAdapters } from './adapters-scenario.mjs'

const guards = { express: expressGuard, fastify: fastifyGuard, hono: honoGuard }
const frameworks = { express, fastify, Hono, undici }
console.log(`RESULT ${JSON.stringify(await consumeAdapters({ guards, frameworks, interceptor, reflex, shedder }))}`)
