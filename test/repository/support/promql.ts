/**
 * As much of PromQL as ops/ is written in, with its types: what it takes Prometheus takes too, and what it knows nothing of (a function, an
 * operator) is refused, so that nobody relies on it unseen. Grafana's variables stand where Prometheus would have a duration or a text.
 */
export type Type = 'scalar' | 'instant' | 'range'

const FUNCTIONS: Readonly<Record<string, readonly [takes: Type, gives: Type]>> = {
  rate: ['range', 'instant'],
  increase: ['range', 'instant'],
  abs: ['instant', 'instant'],
  clamp_min: ['instant', 'instant'],
}
const AGGREGATIONS = new Set(['sum', 'max', 'min', 'avg', 'count'])
/** From what binds least. */
const OPERATORS = [['or'], ['and', 'unless'], ['==', '!=', '<=', '<', '>=', '>'], ['+', '-'], ['*', '/', '%']]
const TOKEN =
  /\s*(?:(?<text>"(?:[^"\\]|\\.)*")|(?<span>\[(?:\d+(?:ms|[smhdwy])|\$__(?:rate_)?interval)\])|(?<number>\d+(?:\.\d+)?(?![\w.]))|(?<word>[a-zA-Z_:][\w:]*)|(?<sign>=~|!~|==|!=|<=|>=|[-+*/%<>=(){},]))/y

interface Token {
  readonly kind: string
  readonly text: string
}

function tokens(expression: string): Token[] {
  const found: Token[] = []
  TOKEN.lastIndex = 0
  for (let at = 0; at < expression.trimEnd().length; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(expression)
    if (match === null) throw new SyntaxError(`${expression}: nothing known at ${at}`)
    const [kind = '', text = ''] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? []
    found.push({ kind, text })
  }
  return found
}

/** @returns its type; throws a SyntaxError */
export function typeOf(expression: string): Type {
  const list = tokens(expression)
  let at = 0
  const fail = (what: string): never => {
    throw new SyntaxError(`${expression}: ${what}, at ${list[at]?.text ?? 'the end'}`)
  }
  const peek = (text: string): boolean => list[at]?.text === text && list[at]?.kind !== 'text'
  const take = (text: string): boolean => peek(text) && at++ >= 0
  const need = (text: string): unknown => take(text) || fail(`expected ${text}`)
  const needKind = (kind: string): string =>
    list[at]?.kind === kind ? (list[at++] as Token).text : fail(`expected a ${kind}`)

  function labels(): void {
    need('(')
    while (!take(')')) {
      needKind('word')
      if (!peek(')')) need(',')
    }
  }
  function selector(): Type {
    if (take('{'))
      while (!take('}')) {
        needKind('word')
        if (!['=', '!=', '=~', '!~'].some(take)) fail('expected a matcher')
        needKind('text')
        if (!peek('}')) need(',')
      }
    if (list[at]?.kind !== 'span') return 'instant'
    at++
    return 'range'
  }
  function primary(): Type {
    if (take('-')) return primary()
    if (take('(')) {
      const type = binary(0)
      need(')')
      return type
    }
    if (list[at]?.kind === 'number') {
      at++
      return 'scalar'
    }
    const word = needKind('word')
    if (AGGREGATIONS.has(word)) {
      const before = ['by', 'without'].some(take)
      if (before) labels()
      need('(')
      if (binary(0) !== 'instant') fail(`${word} takes an instant vector`)
      need(')')
      if (!before && ['by', 'without'].some(take)) labels()
      return 'instant'
    }
    if (!peek('(')) return selector()
    const [takes, gives] = FUNCTIONS[word] ?? fail(`no function ${word} is known`)
    need('(')
    if (binary(0) !== takes) fail(`${word} takes a vector of type ${takes}`)
    need(')')
    return gives
  }
  function binary(level: number): Type {
    const operators = OPERATORS[level]
    if (operators === undefined) return primary()
    let left = binary(level + 1)
    for (let operator = operators.find(take); operator !== undefined; operator = operators.find(take)) {
      const right = binary(level + 1)
      if (left === 'range' || right === 'range') fail(`${operator} takes no range`)
      if (level < 2 && (left === 'scalar' || right === 'scalar')) fail(`${operator} takes vectors only`)
      if (level === 2 && left === 'scalar' && right === 'scalar') fail('scalars are compared with bool only')
      left = left === 'scalar' ? right : left
    }
    return left
  }
  const type = binary(0)
  if (at < list.length) fail('expected the end')
  return type
}
