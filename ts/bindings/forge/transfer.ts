/** Elements to a device and back, whatever else goes on there. */
import { HomeostatError } from '../../errors.js'
import type { Device } from './device.js'
import { BUFFER } from './usage.js'

/** A buffer of these bytes, whole words. @param bytes how many of them are the caller's */
export async function uploaded(device: Device, own: Uint8Array<ArrayBuffer>, bytes: number): Promise<GPUBuffer> {
  const most = device.gpu.limits.maxBufferSize
  if (own.length > most) {
    const text = `upload(): ${bytes} bytes: a tensor of this device has at most ${most}`
    throw new HomeostatError('HOMEOSTAT_DEVICE_MEMORY', text, { range: `at most ${most}`, received: bytes })
  }
  return device.scoped((made) => {
    const into = made(device.gpu.createBuffer({ size: own.length, usage: BUFFER.copySrc | BUFFER.copyDst }))
    device.gpu.queue.writeBuffer(into, 0, own)
    return into
  })
}

/** What a buffer holds. */
export async function downloaded(device: Device, from: GPUBuffer): Promise<Uint8Array> {
  const landing = await device.scoped((made) => {
    const into = made(device.gpu.createBuffer({ size: from.size, usage: BUFFER.mapRead | BUFFER.copyDst }))
    const encoder = device.gpu.createCommandEncoder()
    encoder.copyBufferToBuffer(from, 0, into, 0, from.size)
    device.gpu.queue.submit([encoder.finish()])
    return into
  })
  try {
    return await device.mapped(landing, from.size)
  } finally {
    landing.destroy()
  }
}
