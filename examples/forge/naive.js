// What one writes first: each invocation computes one number of the result, from memory.
const SHADER = (n) => `
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(8, 8) fn main(@builtin(global_invocation_id) at: vec3u) {
  if (at.x >= ${n}u || at.y >= ${n}u) { return; }
  var sum = 0.0;
  for (var k = 0u; k < ${n}u; k++) { sum += a[at.y * ${n}u + k] * b[k * ${n}u + at.x]; }
  y[at.y * ${n}u + at.x] = sum;
}`

export async function naiveMatmul(n) {
  const adapter = await navigator.gpu?.requestAdapter()
  if (!adapter) return undefined
  const device = await adapter.requestDevice()
  const bytes = 4 * n * n
  const make = (usage) => device.createBuffer({ size: bytes, usage })
  const inputs = [0, 1].map(() => make(GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST))
  const output = make(GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC)
  const landing = make(GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST)
  const module = device.createShaderModule({ code: SHADER(n) })
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } })
  const entries = [...inputs, output].map((buffer, binding) => ({ binding, resource: { buffer } }))
  const bindings = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })
  return {
    async run(a, b) {
      device.queue.writeBuffer(inputs[0], 0, a)
      device.queue.writeBuffer(inputs[1], 0, b)
      const encoder = device.createCommandEncoder()
      const pass = encoder.beginComputePass()
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, bindings)
      pass.dispatchWorkgroups(Math.ceil(n / 8), Math.ceil(n / 8))
      pass.end()
      encoder.copyBufferToBuffer(output, 0, landing, 0, bytes)
      device.queue.submit([encoder.finish()])
      await landing.mapAsync(GPUMapMode.READ)
      const y = new Float32Array(landing.getMappedRange()).slice()
      landing.unmap()
      return y
    },
    destroy: () => device.destroy(),
  }
}
