import { describe, expect, test } from 'vitest'
import { guard } from '../../ts/adapters/express/index.js'
import { RouteTable } from '../../ts/adapters/routes.js'
import { interceptor } from '../../ts/adapters/undici/index.js'
import { watching } from './support/watch.js'

describe('routes', () => {
  const table = new RouteTable(
    'routes',
    { '/items/:id': 1, 'GET /items/:id/notes': 3, 'POST /items': { tier: 0, name: 'new item' }, '/admin/*': 4, '/': 2 },
    'shop',
    2,
  )
  test.each([
    ['GET', '/items/7', 'shop /items/:id', 1],
    ['DELETE', '/items/7/', 'shop /items/:id', 1],
    ['GET', '/items/7?a=/b/c', 'shop /items/:id', 1],
    ['GET', '/items/7/notes', 'shop GET /items/:id/notes', 3],
    ['HEAD', '/items/7/notes#x', 'shop GET /items/:id/notes', 3],
    ['POST', '/items', 'new item', 0],
    ['GET', '/admin', 'shop /admin/*', 4],
    ['GET', '/admin/users/7', 'shop /admin/*', 4],
    ['GET', '/', 'shop /', 2],
    ['GET', '/?q', 'shop /', 2],
  ])('%s %s is of %s', (method, url, name, tier) => {
    expect(table.find(method, url)).toEqual({ name, tier })
  })
  test.each([
    ['GET', '/items'],
    ['POST', '/items/7/notes'],
    ['GET', '/administrator'],
    ['GET', '/items/7/8/9'],
  ])('%s %s is of none', (method, url) => {
    expect(table.find(method, url)).toBeUndefined()
  })
})

describe('options that cannot be meant', () => {
  const reflex = watching()
  test.each([
    ['no reflex', {}, /guard\.reflex must be made by reflex\(\)/],
    ['a tier', { reflex, tier: 5 }, /guard\.tier .* 0 to 4, received 5/],
    ['a pattern', { reflex, routes: { items: 1 } }, /'\/items\/:id'.*received "items"/],
    ["a route's tier", { reflex, routes: { '/x': 1.5 } }, /guard\.routes\["\/x"\]/],
    ["a route's key", { reflex, routes: { '/x': { teir: 1 } } }, /teir/],
    ['a limiter', { reflex, limiter: 7 }, /guard\.limiter must be made by limiter\(\)/],
    ['a shedder', { reflex, shedder: 0.3 }, /guard\.shedder must be made by shedder\(\)/],
    ['health', { reflex, health: 'health' }, /guard\.health/],
    ['a name', { reflex, name: '' }, /guard\.name/],
    ['a key', { reflex, heath: '/health' }, /heath/],
  ])('%s', (_, options, message) => {
    expect(() => guard(options as never)).toThrow(message)
  })
  test.each([
    ['no reflex', {}, /interceptor\.reflex/],
    ['a limiter instead of what makes one', { reflex, limit: 'adaptive' }, /interceptor\.limit/],
    ['origins', { reflex, origins: 0 }, /interceptor\.origins/],
    ['a tier', { reflex, tier: -1 }, /interceptor\.tier/],
  ])('interceptor: %s', (_, options, message) => {
    expect(() => interceptor(options as never)).toThrow(message)
  })
})
