// What a user of `homeostat/solver` does, the same in every runtime. The objective is exact arithmetic, so every runtime and both
// bindings must give the same bits.
const bits = (number) => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, number)
  return view.getBigUint64(0).toString(16).padStart(16, '0')
}

const loss = ({ lr, depth, kind, cold }) => {
  const distance = lr - 0.125
  return distance * distance + (depth - 7) * (depth - 7) + (kind === 'b' ? 0 : 2) + (cold ? 1 : 0)
}

export async function consumeSolver({ bindingKind, createSolver, knob, minimize, ready }) {
  const space = {
    lr: knob.number({ min: 1e-3, max: 1 }),
    depth: knob.integer({ min: 1, max: 12 }),
    kind: knob.choice({ choices: ['a', 'b', 'c'] }),
    cold: knob.boolean(),
  }
  let early
  try {
    createSolver({ space }).close()
  } catch (error) {
    early = error.code
  }
  await ready()
  const best = await minimize(async (params) => loss(params), { space, budget: 60, seed: 7 })

  const solver = createSolver({ space, seed: 3 })
  for (let i = 0; i < 20; i++) {
    const trial = solver.ask()
    solver.tell(trial, loss(trial.params))
  }
  const saved = solver.save()
  const restored = createSolver({ space, seed: 3, restore: saved })
  const [next, again] = [solver.ask(), restored.ask()]
  solver.close()
  restored.close()
  return {
    binding: bindingKind(),
    early: early ?? 'ready',
    best: `${bits(best.value)} ${bits(best.params.lr)} ${best.params.depth} ${best.params.kind} ${best.params.cold}`,
    next: `${next.trial} ${bits(next.params.lr)}`,
    resumed: JSON.stringify(next) === JSON.stringify(again),
    improved: best.value < 1,
  }
}
