/** A WebGPU adapter: what it is, what it can do, and the device that is asked of it. */
import { HomeostatError } from '../../errors.js'
import type { AdapterFacts } from '../../forge-binding.js'

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|microsoft basic render/i
const WANTED: readonly GPUFeatureName[] = ['subgroups', 'shader-f16', 'timestamp-query']
/** Limits that schedules depend on; a device has the least of them unless it is asked for more. */
const RAISED = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxStorageBuffersPerShaderStage',
  'maxTextureDimension2D',
] as const
/** WebGPU does not say how many workgroups run at once. */
const CORES_GUESS = 64

export interface Opened {
  readonly device: GPUDevice
  readonly facts: AdapterFacts
  /** What the library knows it by, and its limits: JSON for the engine. */
  readonly key: string
  readonly limits: string
  readonly timestamps: boolean
}

type Info = GPUAdapterInfo & { readonly subgroupMinSize?: number; readonly subgroupMaxSize?: number }

function describe(info: Info): AdapterFacts {
  const name = [info.description, info.vendor, info.architecture, info.device].filter((word) => word !== '').join(' ')
  const software = SOFTWARE.test(name) || (info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true
  // A browser names no numbers: the words stand for them.
  return {
    name: name || 'unnamed',
    backend: 'webgpu',
    driver: info.architecture,
    vendor: hash(info.vendor),
    device: hash(name),
    software,
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

const gpuOf = (): GPU | undefined => (globalThis.navigator as Navigator | undefined)?.gpu

async function all(): Promise<GPUAdapter[]> {
  const gpu = gpuOf()
  if (gpu === undefined) return []
  const found: GPUAdapter[] = []
  for (const powerPreference of ['high-performance', 'low-power'] as const) {
    const adapter = await gpu.requestAdapter({ powerPreference })
    const known = (other: GPUAdapter): boolean => describe(other.info).name === describe(adapter?.info as Info).name
    if (adapter !== null && !found.some(known)) found.push(adapter)
  }
  return found
}

export async function adapters(): Promise<AdapterFacts[]> {
  return (await all()).map((adapter) => describe(adapter.info))
}

/** Opens the adapter of this name, or the best one. Throws `HOMEOSTAT_NO_ADAPTER`. */
export async function openAdapter(name: string | undefined): Promise<Opened> {
  const found = await all()
  const fits = (adapter: GPUAdapter): boolean =>
    name === undefined || describe(adapter.info).name.toLowerCase().includes(name.toLowerCase())
  const adapter = found.find(fits)
  if (adapter === undefined) {
    const names = found.map((one) => describe(one.info).name).join(', ')
    const none = gpuOf() === undefined ? 'this runtime has no WebGPU' : 'there is no adapter'
    const why = found.length === 0 ? none : `expected part of one of [${names}]`
    throw new HomeostatError(
      'HOMEOSTAT_NO_ADAPTER',
      name === undefined ? why : `adapter '${name}': ${why}`,
      name === undefined ? {} : { option: 'adapter', received: name },
    )
  }
  const facts = describe(adapter.info)
  const requiredFeatures = WANTED.filter((feature) => adapter.features.has(feature))
  const requiredLimits = Object.fromEntries(RAISED.map((limit) => [limit, adapter.limits[limit]]))
  try {
    const device = await adapter.requestDevice({ requiredFeatures, requiredLimits })
    const { backend, driver, vendor, device: number, software } = facts
    return {
      device,
      facts,
      key: JSON.stringify({ backend, driver, vendor, device: number }),
      limits: limitsOf(device, adapter.info, software),
      timestamps: !software && device.features.has('timestamp-query'),
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HomeostatError('HOMEOSTAT_NO_ADAPTER', `adapter '${facts.name}': ${reason}`, { cause })
  }
}

function limitsOf({ limits, features }: GPUDevice, info: Info, software: boolean): string {
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = info
  const oneSize = features.has('subgroups') && subgroupMinSize === subgroupMaxSize
  return JSON.stringify({
    kind: software ? 'software' : 'hardware',
    invocations: limits.maxComputeInvocationsPerWorkgroup,
    workgroup_side: Math.min(limits.maxComputeWorkgroupSizeX, limits.maxComputeWorkgroupSizeY),
    workgroup_bytes: limits.maxComputeWorkgroupStorageSize,
    // An index of bytes has to fit into 32 bits.
    binding_bytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize - 512, 2 ** 32 - 1),
    groups: limits.maxComputeWorkgroupsPerDimension,
    storage_buffers: limits.maxStorageBuffersPerShaderStage,
    texture_side: limits.maxTextureDimension2D,
    subgroup: oneSize ? subgroupMinSize : 0,
    f16: features.has('shader-f16'),
    cores: software ? Math.max(1, globalThis.navigator.hardwareConcurrency ?? 2) : CORES_GUESS,
  })
}
