const devices = []
const { requestDevice } = GPUAdapter.prototype
GPUAdapter.prototype.requestDevice = async function (...args) {
  const device = await requestDevice.apply(this, args)
  devices.push(device)
  return device
}
new BroadcastChannel('lose').onmessage = () => devices.at(-1)?.destroy()
